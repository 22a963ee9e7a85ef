#include "base/strict_json.hpp"
#include "directory/graph_json.hpp"
#include "directory/graph_list.hpp"
#include "directory/graph_routes.hpp"
#include "directory/graph_type.hpp"
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
using tenant::PrincipalKind;

// Entra's template of the one role that there is, which is also the role's id here.
constexpr std::string_view global_administrator = "62e90394-69f5-4237-9190-012177145e10";

object role() {
    return {{"@odata.type", "#microsoft.graph.directoryRole"},
            {"id", global_administrator},
            {"deletedDateTime", nullptr},
            {"description", "Can do everything in the directory: people, groups, applications, and who administers it."},
            {"displayName", "Global Administrator"},
            {"roleTemplateId", global_administrator}};
}

Result<void> find_role(const Context& context) {
    auto id = object_id(context);
    if (!id) return failure(std::move(id));
    if (id->value() != global_administrator) return no_such_resource(id->value());
    return {};
}

Task<Result<Response>> list(const Services&, Context& context) {
    auto query = GraphQuery::parse(context);
    if (!query) co_return failure(std::move(query));
    std::vector<object> all;
    all.push_back(role());
    auto page = GraphPage::select(*query, std::move(all));
    if (!page) co_return failure(std::move(page));
    co_return page_response(context, "directoryRoles", std::move(*page));
}

Task<Result<Response>> read_one(const Services&, Context& context) {
    auto found = find_role(context);
    if (!found) co_return failure(std::move(found));
    co_return entity_response(context, 200, "directoryRoles", role());
}

Task<Result<Response>> list_members(const Services& services, Context& context) {
    auto found = find_role(context);
    if (!found) co_return failure(std::move(found));
    auto query = GraphQuery::parse(context);
    if (!query) co_return failure(std::move(query));
    std::vector<Guid> ids;
    for (const tenant::Principal& principal : context.world().principals()) {
        if (principal.global_administrator) ids.push_back(principal.id);
    }
    const auto read = [&](Session& session) -> Result<GraphPage> {
        auto all = find_entities(session, context.world(), ids);
        if (!all) return failure(std::move(all));
        return GraphPage::select(*query, std::move(*all));
    };
    auto reading = services.database.read(storage::ReadKind::scan, read);
    auto page = co_await std::move(reading);
    if (!page) co_return failure(std::move(page));
    co_return page_response(context, "directoryObjects", std::move(*page));
}

Task<Result<Response>> add_member(const Services& services, Context& context) {
    auto found = find_role(context);
    if (!found) co_return failure(std::move(found));
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    const auto id = referenced_id(find_string(*body, "@odata.id").value_or(""));
    if (!id) {
        co_return failure(ErrorCode::invalid_parameter,
                          "'@odata.id' must end in an object id: https://…/v1.0/directoryObjects/{id}.");
    }
    const auto* principal = context.world().find_principal(*id);
    if (principal != nullptr && principal->kind == PrincipalKind::group) {
        co_return failure(ErrorCode::invalid_parameter, "Groups hold no directory roles: name a user or a service principal.");
    }
    if (principal != nullptr && principal->global_administrator) {
        co_return failure(ErrorCode::invalid_parameter, "One or more added object references already exist for the following "
                                                        "modified properties: 'members'.");
    }
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto added = tenant::add_directory_role(session, *id, std::string(tenant::global_administrator_role));
        if (!added) return failure(std::move(added));
        return context.event("directoryRole.addMember", {{"id", global_administrator}, {"member", id->value()}});
    };
    auto changing = change_without_content(services, context, change);
    co_return co_await std::move(changing);
}

Task<Result<Response>> remove_member(const Services& services, Context& context) {
    auto found = find_role(context);
    if (!found) co_return failure(std::move(found));
    auto id = object_id(context, "member");
    if (!id) co_return failure(std::move(id));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto removed = tenant::remove_directory_role(session, *id, std::string(tenant::global_administrator_role));
        if (!removed) return failure(std::move(removed));
        return context.event("directoryRole.removeMember", {{"id", global_administrator}, {"member", id->value()}});
    };
    auto changing = change_without_content(services, context, change);
    co_return co_await std::move(changing);
}

} // namespace

std::vector<gateway::Route> role_routes(const Services& services) {
    using enum http::Method;
    return graph_routes(services, {{.id = "directoryRole.list",
                                    .pattern = "/directoryRoles",
                                    .permissions = {&permissions::roles_read},
                                    .handler = list,
                                    .summary = "Lists directory roles: Global Administrator"},
                                   {.id = "directoryRole.get",
                                    .pattern = "/directoryRoles/{id}",
                                    .permissions = {&permissions::roles_read},
                                    .handler = read_one,
                                    .summary = "Reads a directory role"},
                                   {.id = "directoryRole.members.list",
                                    .pattern = "/directoryRoles/{id}/members",
                                    .permissions = {&permissions::roles_members_read},
                                    .handler = list_members,
                                    .summary = "Lists who administers the directory"},
                                   {.id = "directoryRole.members.add",
                                    .method = post,
                                    .pattern = "/directoryRoles/{id}/members/$ref",
                                    .permissions = {&permissions::roles_members_update},
                                    .has_body = true,
                                    .handler = add_member,
                                    .summary = "Makes a user or a service principal a Global Administrator"},
                                   {.id = "directoryRole.members.remove",
                                    .method = delete_,
                                    .pattern = "/directoryRoles/{id}/members/{member}/$ref",
                                    .permissions = {&permissions::roles_members_update},
                                    .handler = remove_member,
                                    .summary = "Takes Global Administrator from somebody; the last one keeps it"}});
}

} // namespace berth::directory
