#include "tenant/directory_properties.hpp"

#include "base/strict_json.hpp"
#include "tenant/columns.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

std::unexpected<Error> no_such_object(const Guid& id) {
    return failure(ErrorCode::not_found, fmt::format("The directory has no object with the id '{}'.", id.value()));
}

#define BERTH_RECORD_QUERY                                                                                                     \
    "select principals.id, principals.created_at, principals.properties, applications.properties from principals "             \
    "left join applications on applications.application_id = principals.application_id "

Result<DirectoryRecord> record_of(const Rows& rows) {
    auto id = guid_column(rows, 0, "id of a principal");
    if (!id) return failure(std::move(id));
    auto properties = json_object_column(rows, 2, "properties of a principal");
    if (!properties) return failure(std::move(properties));
    DirectoryRecord record{std::move(*id), rows.time(1), std::move(*properties), std::nullopt};
    if (rows.optional_text(3)) {
        auto application = json_object_column(rows, 3, "properties of an application");
        if (!application) return failure(std::move(application));
        record.application = std::move(*application);
    }
    return record;
}

Result<std::vector<Guid>> ids(Session& session, std::string_view sql, const Guid& of) {
    return collect(session, sql, [](const Rows& rows) { return guid_column(rows, 0, "id in the directory"); }, of.value());
}

std::vector<std::string> redirect_uris_of(const boost::json::object& properties, std::string_view platform) {
    const auto* member = properties.if_contains(platform);
    if (member == nullptr) return {};
    return find_strings(*member, "redirectUris").value_or(std::vector<std::string>());
}

} // namespace

Result<std::vector<DirectoryRecord>> list_directory_records(Session& session, PrincipalKind kind) {
    return collect(session, BERTH_RECORD_QUERY "where principals.kind = ?1 order by principals.id", record_of, to_string(kind));
}

Result<std::optional<DirectoryRecord>> find_directory_record(Session& session, const Guid& principal) {
    return find(session, BERTH_RECORD_QUERY "where principals.id = ?1", record_of, principal.value());
}

Result<boost::json::object> read_directory_properties(Session& session, const Guid& id) {
    auto found = find(
        session, "select properties from principals where id = ?1 union all select properties from applications where id = ?1",
        [](const Rows& rows) { return json_object_column(rows, 0, "properties of an object"); }, id.value());
    if (!found) return failure(std::move(found));
    if (!*found) return no_such_object(id);
    return std::move(**found);
}

Result<void> set_directory_properties(Session& session, const Guid& id, const boost::json::object& properties) {
    const std::string text = boost::json::serialize(properties);
    if (text.size() > largest_directory_properties) {
        return failure(ErrorCode::limit_exceeded,
                       fmt::format("The properties of one object can have {} KiB in all.", largest_directory_properties >> 10));
    }
    std::int64_t changed = 0;
    for (const std::string_view sql :
         {"update principals set properties = ?2 where id = ?1", "update applications set properties = ?2 where id = ?1"}) {
        auto done = session.execute(sql, id.value(), text);
        if (!done) return failure(std::move(done));
        changed += *done;
    }
    if (changed == 0) return no_such_object(id);
    return {};
}

Result<RedirectUris> registered_redirect_uris(Session& session, const Guid& application_id) {
    auto found = find(
        session, "select properties from applications where application_id = ?1",
        [](const Rows& rows) { return json_object_column(rows, 0, "properties of an application"); }, application_id.value());
    if (!found) return failure(std::move(found));
    if (!*found) return RedirectUris{};
    return RedirectUris{.web = redirect_uris_of(**found, "web"),
                        .single_page = redirect_uris_of(**found, "spa"),
                        .public_client = redirect_uris_of(**found, "publicClient")};
}

Result<void> add_directory_owner(Session& session, const Guid& object, const Guid& owner) {
    auto known = exists(session, "select 1 from principals where id = ?1 union all select 1 from applications where id = ?1",
                        object.value());
    if (!known) return failure(std::move(known));
    if (!*known) return no_such_object(object);
    auto kind = find(
        session, "select kind from principals where id = ?1",
        [](const Rows& rows) -> Result<std::string> { return std::string(rows.text(0)); }, owner.value());
    if (!kind) return failure(std::move(kind));
    if (!*kind) return no_such_object(owner);
    if (**kind == to_string(PrincipalKind::group)) {
        return failure(ErrorCode::invalid_parameter, "A group cannot own anything: name a user or a service principal.");
    }
    auto count = integer(session, "select count(*) from directory_owners where object_id = ?1", object.value());
    if (!count) return failure(std::move(count));
    if (*count >= static_cast<std::int64_t>(max_directory_owners)) {
        return failure(ErrorCode::limit_exceeded, fmt::format("An object can have {} owners.", max_directory_owners));
    }
    auto inserted = session.execute("insert into directory_owners(object_id, owner_id) values (?1, ?2) on conflict do nothing",
                                    object.value(), owner.value());
    if (!inserted) return failure(std::move(inserted));
    if (*inserted == 0) {
        return failure(ErrorCode::already_exists,
                       fmt::format("'{}' is an owner of '{}' already.", owner.value(), object.value()));
    }
    return {};
}

Result<void> remove_directory_owner(Session& session, const Guid& object, const Guid& owner) {
    auto deleted =
        session.execute("delete from directory_owners where object_id = ?1 and owner_id = ?2", object.value(), owner.value());
    if (!deleted) return failure(std::move(deleted));
    if (*deleted == 0) {
        return failure(ErrorCode::not_found, fmt::format("'{}' is no owner of '{}'.", owner.value(), object.value()));
    }
    return {};
}

Result<std::vector<Guid>> list_directory_owners(Session& session, const Guid& object) {
    return ids(session, "select owner_id from directory_owners where object_id = ?1 order by owner_id", object);
}

Result<std::vector<Guid>> list_owned_objects(Session& session, const Guid& owner) {
    return ids(session, "select object_id from directory_owners where owner_id = ?1 order by object_id", owner);
}

Result<std::vector<Guid>> list_groups_of_member(Session& session, const Guid& member) {
    return ids(session, "select group_id from group_members where member_id = ?1 order by group_id", member);
}

} // namespace berth::tenant
