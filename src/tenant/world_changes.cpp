#include "tenant/world_changes.hpp"

#include "tenant/columns.hpp"

#include <string_view>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

// False for what is not understood.
bool note(WorldChanges& changes, std::string_view kind, std::string_view key) {
    // Resource types have a slash; most of them matter to no decision.
    if (kind == "microsoft.containerregistry/registries") return changes.registries = changes.tokens = true;
    if (kind.starts_with("microsoft.containerregistry/registries/")) {
        if (kind.ends_with("/tokens") || kind.ends_with("/scopemaps")) changes.tokens = true;
        return true;
    }
    if (kind.find('/') != std::string_view::npos) return true;
    if (kind == "place") return changes.places = true;
    if (kind == "lock") return changes.locks = true;
    const auto id = Guid::parse(key.substr(0, key.find(' ')));
    if (!id) return false;
    if (kind == "membership") {
        const auto member = Guid::parse(key.substr(key.find(' ') + 1));
        if (member) changes.memberships.emplace(*id, *member);
        return member.has_value();
    }
    if (kind == "principal") return changes.principals.insert(*id), true;
    if (kind == "role definition") return changes.role_definitions.insert(*id), true;
    if (kind == "role assignment") return changes.role_assignments.insert(*id), true;
    if (kind == "deny assignment") return changes.deny_assignments.insert(*id), true;
    return false;
}

} // namespace

Result<std::int64_t> newest_change(Session& session) { return integer(session, "select max(sequence) from world_changes"); }

Result<std::optional<WorldChanges>> read_changes(Session& session, std::int64_t since) {
    auto newest = newest_change(session);
    if (!newest) return failure(std::move(newest));
    WorldChanges changes;
    changes.sequence = *newest;
    if (*newest == since) return std::optional(std::move(changes));
    auto oldest = integer(session, "select min(sequence) from world_changes");
    if (!oldest) return failure(std::move(oldest));
    if (since < 0 || *newest < since || *newest - since > most_changes || *oldest > since + 1) {
        return std::optional<WorldChanges>();
    }
    auto rows = session.query("select kind, key from world_changes where sequence > ?1", since);
    if (!rows) return failure(std::move(rows));
    while (true) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return std::optional(std::move(changes));
        if (!note(changes, rows->text(0), rows->text(1))) return std::optional<WorldChanges>();
    }
}

} // namespace berth::tenant
