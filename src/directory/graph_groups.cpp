#include "base/strict_json.hpp"
#include "directory/graph_json.hpp"
#include "directory/graph_list.hpp"
#include "directory/graph_routes.hpp"
#include "gateway/response.hpp"
#include "tenant/directory_store.hpp"

#include <fmt/format.h>

namespace berth::directory {
namespace {

using boost::json::object;
using gateway::Context;
using gateway::Services;
using http::Response;
using storage::Session;
using tenant::Principal;
using tenant::PrincipalKind;

Result<const Principal*> find(const Context& context) {
    auto id = object_id(context);
    if (!id) return failure(std::move(id));
    const Principal* principal = context.world().find_principal(*id);
    if (principal != nullptr && principal->kind == PrincipalKind::group) return principal;
    return failure(ErrorCode::not_found, fmt::format("Resource '{}' does not exist or one of its queried "
                                                     "reference-property objects are not present.",
                                                     id->value()));
}

Task<Result<Response>> create(const Services& services, Context& context) {
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    auto name = parse_display_name(*body);
    if (!name) co_return failure(std::move(name));
    std::optional<Principal> made;
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto group = tenant::create_group(session, context.world().tenant_id, *name, context.now());
        if (!group) return failure(std::move(group));
        made.emplace(std::move(*group));
        return context.event("group.create", {{"id", made->id.value()}, {"displayName", *name}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return entity_response(context, 201, "groups", to_json(context.world(), *made));
}

Task<Result<Response>> list(const Services&, Context& context) {
    auto query = GraphQuery::parse(context);
    if (!query) co_return failure(std::move(query));
    std::vector<object> all;
    for (const Principal& principal : context.world().principals()) {
        if (principal.kind == PrincipalKind::group) all.push_back(to_json(context.world(), principal));
    }
    auto page = GraphPage::select(*query, std::move(all));
    if (!page) co_return failure(std::move(page));
    co_return page_response(context, "groups", std::move(*page));
}

Task<Result<Response>> read_one(const Services&, Context& context) {
    auto group = find(context);
    if (!group) co_return failure(std::move(group));
    co_return entity_response(context, 200, "groups", to_json(context.world(), **group));
}

Task<Result<Response>> rename(const Services& services, Context& context) {
    auto group = find(context);
    if (!group) co_return failure(std::move(group));
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    if (find_member(*body, "displayName") == nullptr) co_return gateway::empty_response(204); // nothing that berth keeps
    auto name = parse_display_name(*body);
    if (!name) co_return failure(std::move(name));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto updated = tenant::update_principal(session, (*group)->id, *name, std::nullopt);
        if (!updated) return failure(std::move(updated));
        return context.event("group.update", {{"id", (*group)->id.value()}, {"displayName", *name}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::empty_response(204);
}

Task<Result<Response>> remove(const Services& services, Context& context) {
    auto group = find(context);
    if (!group) co_return failure(std::move(group));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto deleted = tenant::delete_principal(session, (*group)->id);
        if (!deleted) return failure(std::move(deleted));
        return context.event("group.delete", {{"id", (*group)->id.value()}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::empty_response(204);
}

Task<Result<Response>> list_members(const Services& services, Context& context) {
    auto group = find(context);
    if (!group) co_return failure(std::move(group));
    auto query = GraphQuery::parse(context);
    if (!query) co_return failure(std::move(query));
    const auto read = [&](Session& session) { return tenant::list_group_members(session, (*group)->id); };
    auto reading = services.database.read(storage::ReadKind::scan, read);
    auto members = co_await std::move(reading);
    if (!members) co_return failure(std::move(members));
    std::vector<object> all;
    for (const Guid& id : *members) {
        if (const auto* member = context.world().find_principal(id)) all.push_back(to_json(context.world(), *member));
    }
    auto page = GraphPage::select(*query, std::move(all));
    if (!page) co_return failure(std::move(page));
    co_return page_response(context, "directoryObjects", std::move(*page));
}

Task<Result<Response>> add_member(const Services& services, Context& context) {
    auto group = find(context);
    if (!group) co_return failure(std::move(group));
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    // `https://graph.microsoft.com/v1.0/directoryObjects/{id}`, whatever the host.
    const std::string_view reference = find_string(*body, "@odata.id").value_or("");
    const auto member = Guid::parse(reference.substr(reference.rfind('/') + 1));
    if (!member) {
        co_return failure(ErrorCode::invalid_parameter,
                          "'@odata.id' must end in the object id of the member: https://…/v1.0/directoryObjects/{id}.");
    }
    if (*member == (*group)->id) co_return failure(ErrorCode::invalid_parameter, "A group cannot be its own member.");
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto added = tenant::add_group_member(session, (*group)->id, *member);
        if (!added && added.error().code == ErrorCode::already_exists) {
            return failure(ErrorCode::invalid_parameter, "One or more added object references already exist for the "
                                                         "following modified properties: 'members'.");
        }
        if (!added) return failure(std::move(added));
        return context.event("group.addMember", {{"id", (*group)->id.value()}, {"member", member->value()}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::empty_response(204);
}

Task<Result<Response>> remove_member(const Services& services, Context& context) {
    auto group = find(context);
    if (!group) co_return failure(std::move(group));
    auto member = object_id(context, "member");
    if (!member) co_return failure(std::move(member));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto removed = tenant::remove_group_member(session, (*group)->id, *member);
        if (!removed) return failure(std::move(removed));
        return context.event("group.removeMember", {{"id", (*group)->id.value()}, {"member", member->value()}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::empty_response(204);
}

} // namespace

std::vector<gateway::Route> group_routes(const Services& services) {
    using enum http::Method;
    return graph_routes(services, {{.id = "graph.group.create",
                                    .method = post,
                                    .pattern = "/v1.0/groups",
                                    .permissions = {&permissions::groups_create},
                                    .body_limit = largest_graph_body,
                                    .handler = create,
                                    .summary = "Makes a group"},
                                   {.id = "graph.group.list",
                                    .pattern = "/v1.0/groups",
                                    .permissions = {&permissions::groups_read},
                                    .handler = list,
                                    .summary = "Lists groups"},
                                   {.id = "graph.group.get",
                                    .pattern = "/v1.0/groups/{id}",
                                    .permissions = {&permissions::groups_read},
                                    .handler = read_one,
                                    .summary = "Reads a group"},
                                   {.id = "graph.group.update",
                                    .method = patch,
                                    .pattern = "/v1.0/groups/{id}",
                                    .permissions = {&permissions::groups_update},
                                    .body_limit = largest_graph_body,
                                    .handler = rename,
                                    .summary = "Renames a group"},
                                   {.id = "graph.group.delete",
                                    .method = delete_,
                                    .pattern = "/v1.0/groups/{id}",
                                    .permissions = {&permissions::groups_delete},
                                    .handler = remove,
                                    .summary = "Deletes a group; what its members had through it ends at once"},
                                   {.id = "graph.group.members.list",
                                    .pattern = "/v1.0/groups/{id}/members",
                                    .permissions = {&permissions::groups_members_read},
                                    .handler = list_members,
                                    .summary = "Lists the direct members of a group"},
                                   {.id = "graph.group.members.add",
                                    .method = post,
                                    .pattern = "/v1.0/groups/{id}/members/$ref",
                                    .permissions = {&permissions::groups_members_update},
                                    .body_limit = largest_graph_body,
                                    .handler = add_member,
                                    .summary = "Adds a member to a group"},
                                   {.id = "graph.group.members.remove",
                                    .method = delete_,
                                    .pattern = "/v1.0/groups/{id}/members/{member}/$ref",
                                    .permissions = {&permissions::groups_members_update},
                                    .handler = remove_member,
                                    .summary = "Removes a member from a group"}});
}

} // namespace berth::directory
