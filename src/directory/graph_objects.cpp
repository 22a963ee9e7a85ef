#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "directory/graph_json.hpp"
#include "directory/graph_list.hpp"
#include "directory/graph_routes.hpp"
#include "directory/graph_type.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::directory {
namespace {

using boost::json::object;
using gateway::Context;
using gateway::Services;
using http::Response;
using storage::Session;

constexpr std::size_t most_ids = 1000; // Graph's limit

// `#microsoft.graph.user` is a `user`.
bool is_of(const object& entity, std::string_view type) {
    const std::string_view own = entity.at("@odata.type").get_string();
    return equals_ignoring_case(own.substr(own.rfind('.') + 1), type) || equals_ignoring_case(type, "directoryObject");
}

// Ids that are nobody's are left out, as Graph leaves them out.
Task<Result<Response>> get_by_ids(const Services& services, Context& context) {
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    const auto ids = find_strings(*body, "ids");
    const auto types = find_strings(*body, "types");
    if (!ids || ids->size() > most_ids || (!types && find_member(*body, "types") != nullptr)) {
        co_return failure(ErrorCode::invalid_parameter,
                          fmt::format("'ids' must be an array of at most {} object ids, and 'types', if there is one, an "
                                      "array of type names.",
                                      most_ids));
    }
    std::vector<Guid> wanted;
    for (const std::string& text : *ids) {
        auto id = Guid::parse(text);
        if (!id) co_return failure(ErrorCode::invalid_parameter, fmt::format("Invalid object identifier '{}'.", text));
        wanted.push_back(std::move(*id));
    }
    const auto read = [&](Session& session) { return find_entities(session, context.world(), wanted); };
    auto reading = services.database.read(storage::ReadKind::scan, read);
    auto found = co_await std::move(reading);
    if (!found) co_return failure(std::move(found));
    GraphPage page;
    for (object& entity : *found) {
        const bool asked = !types || types->empty() ||
                           std::ranges::any_of(*types, [&](const std::string& type) { return is_of(entity, type); });
        if (asked) page.items.push_back(std::move(entity));
    }
    co_return page_response(context, "directoryObjects", std::move(page));
}

Task<Result<Response>> read_one(const Services& services, Context& context) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    const auto read = [&](Session& session) { return find_entity(session, context.world(), *id); };
    auto reading = services.database.read(storage::ReadKind::point, read);
    auto entity = co_await std::move(reading);
    if (!entity) co_return failure(std::move(entity));
    if (!*entity) co_return no_such_resource(id->value());
    co_return entity_response(context, 200, "directoryObjects", std::move(**entity));
}

Task<Result<Response>> read_organization(const Services&, Context& context) {
    const auto& world = context.world();
    GraphPage page;
    page.items.push_back({{"id", world.tenant_id.value()},
                          {"deletedDateTime", nullptr},
                          {"displayName", world.tenant_name},
                          {"tenantType", "AAD"},
                          {"verifiedDomains", boost::json::array{}}});
    co_return page_response(context, "organization", std::move(page));
}

Task<Result<Response>> list_grants(const Services&, Context& context) {
    auto query = GraphQuery::parse(context);
    if (!query) co_return failure(std::move(query));
    co_return page_response(context, "oauth2PermissionGrants", GraphPage());
}

Task<Result<Response>> refuse_grant(const Services&, Context&) {
    co_return failure(ErrorCode::invalid_parameter,
                      "berth keeps no consent: who signs in through an application acts with their own roles, and with nothing "
                      "that an application was granted. There is nothing to grant.");
}

} // namespace

std::vector<gateway::Route> directory_object_routes(const Services& services) {
    using enum http::Method;
    const std::vector<const gateway::Permission*> all{&permissions::users_read, &permissions::groups_read,
                                                      &permissions::service_principals_read, &permissions::applications_read};
    return graph_routes(services, {{.id = "directoryObject.getByIds",
                                    .method = post,
                                    .pattern = "/directoryObjects/getByIds",
                                    .permissions = all,
                                    .has_body = true,
                                    .handler = get_by_ids,
                                    .summary = "Reads objects of any kind by their ids"},
                                   {.id = "directoryObject.get",
                                    .pattern = "/directoryObjects/{id}",
                                    .permissions = all,
                                    .handler = read_one,
                                    .summary = "Reads an object of any kind"},
                                   {.id = "organization.list",
                                    .pattern = "/organization",
                                    .permissions = {&permissions::organization_read},
                                    .handler = read_organization,
                                    .summary = "Reads the tenant"},
                                   {.id = "oauth2PermissionGrant.list",
                                    .pattern = "/oauth2PermissionGrants",
                                    .permissions = {&permissions::grants_read},
                                    .handler = list_grants,
                                    .summary = "Lists consents: none, berth asks for none"},
                                   {.id = "oauth2PermissionGrant.create",
                                    .method = post,
                                    .pattern = "/oauth2PermissionGrants",
                                    .permissions = {&permissions::grants_create},
                                    .handler = refuse_grant,
                                    .summary = "Refused: there is nothing to consent to"}});
}

} // namespace berth::directory
