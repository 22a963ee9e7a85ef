#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "directory/graph_json.hpp"
#include "directory/graph_list.hpp"
#include "directory/graph_routes.hpp"
#include "directory/graph_subject.hpp"
#include "directory/graph_type.hpp"
#include "gateway/response.hpp"
#include "tenant/directory_properties.hpp"
#include "tenant/directory_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace berth::directory {
namespace {

using boost::json::object;
using gateway::Context;
using gateway::Permission;
using gateway::Services;
using http::Response;
using storage::Session;
using tenant::Principal;
using tenant::PrincipalKind;
using tenant::World;

using Ids = Result<std::vector<Guid>>;

/// Objects that hang on an object: `/groups/{id}/members`.
struct Relation {
    const GraphType* of;
    std::string_view name; ///< `members`: the last segment, and in route ids
    std::string_view summary;
    const Permission* read;
    Ids (*ids)(Session& session, const World& world, const Guid& of);
    /// Of one that clients change: by `POST …/$ref` and `DELETE …/{id}/$ref`.
    const Permission* update = nullptr;
    Result<void> (*add)(Session& session, const Guid& of, const Guid& id) = nullptr;
    Result<void> (*remove)(Session& session, const Guid& of, const Guid& id) = nullptr;
    std::string_view event{}; ///< `Member`: of `group.addMember`
    std::string_view add_summary{};
    std::string_view remove_summary{};
};

Ids members(Session& session, const World&, const Guid& of) { return tenant::list_group_members(session, of); }
Ids owners(Session& session, const World&, const Guid& of) { return tenant::list_directory_owners(session, of); }
Ids owned(Session& session, const World&, const Guid& of) { return tenant::list_owned_objects(session, of); }
Ids groups(Session& session, const World&, const Guid& of) { return tenant::list_groups_of_member(session, of); }
Ids all_groups(Session&, const World& world, const Guid& of) {
    const auto found = world.policy->groups_of(of);
    return std::vector<Guid>(found.begin(), found.end());
}
Ids all_members(Session& session, const World&, const Guid& of) {
    std::set<Guid> seen;
    std::vector<Guid> next{of};
    while (!next.empty()) {
        auto here = tenant::list_group_members(session, next.back());
        if (!here) return here;
        next.pop_back();
        for (Guid& id : *here) {
            if (seen.insert(id).second) next.push_back(std::move(id));
        }
    }
    seen.erase(of);
    return std::vector<Guid>(seen.begin(), seen.end());
}
Result<void> add_member(Session& session, const Guid& of, const Guid& id) {
    if (of == id) return failure(ErrorCode::invalid_parameter, "A group cannot be its own member.");
    return tenant::add_group_member(session, of, id);
}
Ids nothing(Session&, const World&, const Guid&) { return std::vector<Guid>(); }

std::span<const Relation> relations() {
    static const std::array<Relation, 17> all{{
        {&group_type, "members", "Lists the direct members of a group", &permissions::groups_members_read, members,
         &permissions::groups_members_update, add_member, tenant::remove_group_member, "Member", "Adds a member to a group",
         "Removes a member from a group"},
        {&group_type, "transitiveMembers", "Lists the members of a group and of the groups in it",
         &permissions::groups_members_read, all_members},
        {&group_type, "owners", "Lists the owners of a group", &permissions::groups_owners_read, owners,
         &permissions::groups_owners_update, tenant::add_directory_owner, tenant::remove_directory_owner, "Owner",
         "Adds an owner to a group; owning it is no right by itself", "Removes an owner from a group"},
        {&group_type, "memberOf", "Lists the groups that a group is directly in", &permissions::groups_member_of_read, groups},
        {&group_type, "transitiveMemberOf", "Lists all groups that a group is in", &permissions::groups_member_of_read,
         all_groups},
        {&application_type, "owners", "Lists the owners of an application", &permissions::applications_owners_read, owners,
         &permissions::applications_owners_update, tenant::add_directory_owner, tenant::remove_directory_owner, "Owner",
         "Adds an owner to an application; owning it is no right by itself", "Removes an owner from an application"},
        {&service_principal_type, "owners", "Lists the owners of a service principal",
         &permissions::service_principals_owners_read, owners, &permissions::service_principals_owners_update,
         tenant::add_directory_owner, tenant::remove_directory_owner, "Owner",
         "Adds an owner to a service principal; owning it is no right by itself", "Removes an owner from a service principal"},
        {&service_principal_type, "memberOf", "Lists the groups that a service principal is directly in",
         &permissions::service_principals_member_of_read, groups},
        {&service_principal_type, "transitiveMemberOf", "Lists all groups that a service principal is in",
         &permissions::service_principals_member_of_read, all_groups},
        {&service_principal_type, "ownedObjects", "Lists what a service principal owns",
         &permissions::service_principals_owned_read, owned},
        {&service_principal_type, "appRoleAssignedTo", "Lists who has roles of an application: nobody, in this version",
         &permissions::service_principals_assignments_read, nothing},
        {&service_principal_type, "appRoleAssignments",
         "Lists a service principal's roles of applications: none, in this version",
         &permissions::service_principals_assignments_read, nothing},
        {&service_principal_type, "oauth2PermissionGrants", "Lists consents: none, berth asks for none",
         &permissions::grants_read, nothing},
        {&user_type, "memberOf", "Lists the groups that a user is directly in", &permissions::users_member_of_read, groups},
        {&user_type, "transitiveMemberOf", "Lists all groups that a user is in", &permissions::users_member_of_read,
         all_groups},
        {&user_type, "ownedObjects", "Lists what a user owns", &permissions::users_owned_read, owned},
        {&user_type, "appRoleAssignments", "Lists a user's roles of applications: none, in this version",
         &permissions::users_read, nothing},
    }};
    return all;
}

// The object whose relation it is; on routes of `/me`, the signed-in user.
Result<Guid> subject(Session& session, const Context& context, const GraphType& type, bool is_me) {
    if (is_me) return signed_in_user(context);
    return resolve_in(session, context, type);
}

Task<Result<Response>> list(const Services& services, Context& context, const Relation& relation, bool is_me) {
    auto query = GraphQuery::parse(context);
    if (!query) co_return failure(std::move(query));
    const auto read = [&](Session& session) -> Result<GraphPage> {
        auto of = subject(session, context, *relation.of, is_me);
        if (!of) return failure(std::move(of));
        auto ids = relation.ids(session, context.world(), *of);
        if (!ids) return failure(std::move(ids));
        auto all = find_entities(session, context.world(), *ids);
        if (!all) return failure(std::move(all));
        return GraphPage::select(*query, std::move(*all));
    };
    auto reading = services.database.read(storage::ReadKind::scan, read);
    auto page = co_await std::move(reading);
    if (!page) co_return failure(std::move(page));
    co_return page_response(context, "directoryObjects", std::move(*page));
}

Task<Result<Response>> add(const Services& services, Context& context, const Relation& relation) {
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    const auto id = referenced_id(find_string(*body, "@odata.id").value_or(""));
    if (!id) {
        co_return failure(ErrorCode::invalid_parameter,
                          "'@odata.id' must end in an object id: https://…/v1.0/directoryObjects/{id}.");
    }
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto of = resolve_in(session, context, *relation.of);
        if (!of) return failure(std::move(of));
        auto added = relation.add(session, *of, *id);
        if (!added && added.error().code == ErrorCode::already_exists) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("One or more added object references already exist for the following modified "
                                       "properties: '{}'.",
                                       relation.name));
        }
        if (!added) return failure(std::move(added));
        return context.event(fmt::format("{}.add{}", relation.of->name, relation.event),
                             {{"id", of->value()}, {to_lower(relation.event), id->value()}});
    };
    auto changing = change_without_content(services, context, change);
    co_return co_await std::move(changing);
}

Task<Result<Response>> remove(const Services& services, Context& context, const Relation& relation) {
    auto id = object_id(context, "member");
    if (!id) co_return failure(std::move(id));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto of = resolve_in(session, context, *relation.of);
        if (!of) return failure(std::move(of));
        auto removed = relation.remove(session, *of, *id);
        if (!removed) return failure(std::move(removed));
        return context.event(fmt::format("{}.remove{}", relation.of->name, relation.event),
                             {{"id", of->value()}, {to_lower(relation.event), id->value()}});
    };
    auto changing = change_without_content(services, context, change);
    co_return co_await std::move(changing);
}

void add_rows(std::vector<GraphRoute>& out, const Relation* relation) {
    using enum http::Method;
    const std::string pattern = fmt::format("/{}/{{id}}/{}", relation->of->collection, relation->name);
    const std::string id = fmt::format("{}.{}", relation->of->name, relation->name);
    out.push_back({.id = id + ".list",
                   .pattern = pattern,
                   .permissions = {relation->read},
                   .handler = [relation](const Services& services,
                                         Context& context) { return list(services, context, *relation, false); },
                   .summary = std::string(relation->summary)});
    if (relation->of == &user_type) {
        out.push_back({.id = fmt::format("me.{}.list", relation->name),
                       .pattern = fmt::format("/me/{}", relation->name),
                       .permissions = {relation->read},
                       .handler = [relation](const Services& services,
                                             Context& context) { return list(services, context, *relation, true); },
                       .summary = fmt::format("{}: the one who is signed in", relation->summary)});
    }
    if (relation->update == nullptr) return;
    out.push_back(
        {.id = id + ".add",
         .method = post,
         .pattern = pattern + "/$ref",
         .permissions = {relation->update},
         .has_body = true,
         .handler = [relation](const Services& services, Context& context) { return add(services, context, *relation); },
         .summary = std::string(relation->add_summary)});
    out.push_back(
        {.id = id + ".remove",
         .method = delete_,
         .pattern = pattern + "/{member}/$ref",
         .permissions = {relation->update},
         .handler = [relation](const Services& services, Context& context) { return remove(services, context, *relation); },
         .summary = std::string(relation->remove_summary)});
}

} // namespace

std::vector<gateway::Route> relation_routes(const Services& services) {
    std::vector<GraphRoute> rows;
    for (const Relation& relation : relations()) add_rows(rows, &relation);
    return graph_routes(services, std::move(rows));
}

} // namespace berth::directory
