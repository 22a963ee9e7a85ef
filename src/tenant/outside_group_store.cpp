#include "tenant/outside_group_store.hpp"

#include "tenant/columns.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

} // namespace

Result<void> set_outside_groups(Session& session, const Guid& group, std::span<const OutsideGroup> linked) {
    if (linked.size() > max_outside_groups) {
        return failure(ErrorCode::limit_exceeded,
                       fmt::format("A group can be linked to {} groups of outside issuers.", max_outside_groups));
    }
    const auto read = [](const Rows& rows) -> Result<OutsideGroup> {
        return OutsideGroup{std::string(rows.text(0)), std::string(rows.text(1))};
    };
    auto before = collect(session, "select issuer, value from outside_groups where group_id = ?1", read, group.value());
    if (!before) return failure(std::move(before));
    for (const OutsideGroup& one : *before) {
        if (std::ranges::find(linked, one) != linked.end()) continue;
        auto deleted = session.execute("delete from outside_groups where group_id = ?1 and issuer = ?2 and value = ?3",
                                       group.value(), one.issuer, one.value);
        if (!deleted) return failure(std::move(deleted));
    }
    for (const OutsideGroup& one : linked) {
        auto inserted = session.execute(
            "insert into outside_groups(id, issuer, value, group_id) values (?1, ?2, ?3, ?4) on conflict do nothing",
            Guid::random().value(), one.issuer, one.value, group.value());
        if (!inserted) return failure(std::move(inserted));
    }
    return {};
}

Result<std::vector<Guid>> links_of_outside_groups(Session& session, std::string_view issuer,
                                                  std::span<const std::string> values) {
    const auto read = [](const Rows& rows) { return guid_column(rows, 0, "id of a link to an outside group"); };
    std::vector<Guid> out;
    for (const std::string& value : values) {
        auto found =
            collect(session, "select id from outside_groups where issuer = ?1 and value = ?2 order by id", read, issuer, value);
        if (!found) return failure(std::move(found));
        std::ranges::move(*found, std::back_inserter(out));
    }
    return out;
}

} // namespace berth::tenant
