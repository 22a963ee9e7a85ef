#include "base/encoding.hpp"
#include "tenant/columns.hpp"
#include "tenant/resource_store.hpp"
#include "tenant/scope_range.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace berth::tenant {
namespace {

using boost::json::value;
using storage::Rows;
using storage::Session;

struct Row {
    std::int64_t id = 0;
    std::string scope;
    value properties;
};

// Texts that are the id of what moves, or lie below it, get the new beginning.
void rewrite(value& json, std::string_view from, std::string_view to) {
    if (auto* text = json.if_string()) {
        const std::string_view old = *text;
        if (!starts_with_ignoring_case(old, from) || (old.size() > from.size() && old[from.size()] != '/')) return;
        *text = std::string(to) + std::string(old.substr(from.size()));
    } else if (auto* object = json.if_object()) {
        for (auto& member : *object) rewrite(member.value(), from, to);
    } else if (auto* array = json.if_array()) {
        for (value& item : *array) rewrite(item, from, to);
    }
}

Result<void> check_nothing_hangs_on(Session& session, const rbac::Scope& scope, const ScopeRange& range) {
    auto hanging = integer(session,
                           "select (select count(*) from deny_assignments where scope_key = ?1 or "
                           "(scope_key >= ?2 and scope_key < ?3)) + (select count(*) from resource_locks where "
                           "scope_key = ?1 or (scope_key >= ?2 and scope_key < ?3))",
                           range.at, range.below, range.beyond);
    if (!hanging) return failure(std::move(hanging));
    if (*hanging == 0) return {};
    return failure(ErrorCode::conflict, fmt::format("Deny assignments or locks hang on '{}' and would be lost by moving it. "
                                                    "Delete them first, and make them again at the new place.",
                                                    scope.value()));
}

} // namespace

Result<void> move_resource(Session& session, const rbac::Scope& scope, const Resource& target_group, Timestamp now) {
    auto resource = find_resource(session, scope);
    if (!resource) return failure(std::move(resource));
    if (!*resource) return failure(ErrorCode::not_found, fmt::format("The resource '{}' was not found.", scope.value()));
    const std::string from = (*resource)->scope.value();
    const std::string to = fmt::format("{}/providers/{}/{}", target_group.scope.value(), (*resource)->type, (*resource)->name);
    const ScopeRange range = range_of(scope);
    if (auto free = check_nothing_hangs_on(session, scope, range); !free) return free;
    auto taken = exists(session, "select 1 from resources where scope_key = ?1", to_lower(to));
    if (!taken) return failure(std::move(taken));
    if (*taken) return failure(ErrorCode::already_exists, fmt::format("The resource '{}' exists already.", to));

    auto rows = collect(
        session, "select id, scope, properties from resources where scope_key = ?1 or (scope_key >= ?2 and scope_key < ?3)",
        [](const Rows& row) -> Result<Row> {
            auto properties = json_column(row, 2, "properties of a resource");
            if (!properties) return failure(std::move(properties));
            return Row{row.integer(0), std::string(row.text(1)), std::move(*properties)};
        },
        range.at, range.below, range.beyond);
    if (!rows) return failure(std::move(rows));
    for (Row& row : *rows) {
        rewrite(row.properties, from, to);
        const std::string moved = to + row.scope.substr(from.size());
        auto written =
            session.execute("update resources set scope = ?2, scope_key = ?3, subscription_id = ?4, resource_group_key = ?5, "
                            "properties = ?6, updated_at = ?7 where id = ?1",
                            row.id, moved, to_lower(moved), target_group.subscription.value(), to_lower(target_group.name),
                            boost::json::serialize(row.properties), now);
        if (!written) return failure(std::move(written));
    }
    auto forgotten =
        session.execute("delete from role_assignments where scope_key = ?1 or (scope_key >= ?2 and scope_key < ?3)", range.at,
                        range.below, range.beyond);
    if (!forgotten) return failure(std::move(forgotten));
    auto followed =
        session.execute("update operations set scope = ?2, scope_key = ?3 where scope_key = ?1", range.at, to, to_lower(to));
    if (!followed) return failure(std::move(followed));
    return {};
}

} // namespace berth::tenant
