#include "base/strict_json.hpp"
#include "directory/graph_json.hpp"
#include "directory/graph_list.hpp"
#include "directory/graph_routes.hpp"
#include "directory/security_attributes.hpp"
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

std::unexpected<Error> not_found(const Guid& id) {
    return failure(ErrorCode::not_found, fmt::format("Resource '{}' does not exist or one of its queried "
                                                     "reference-property objects are not present.",
                                                     id.value()));
}

Result<const Principal*> find(const Context& context) {
    auto id = object_id(context);
    if (!id) return failure(std::move(id));
    const Principal* principal = context.world().find_principal(*id);
    if (principal == nullptr || principal->kind != PrincipalKind::service_principal) return not_found(*id);
    return principal;
}

Result<object> with_credentials(Session& session, object principal) {
    auto credentials = tenant::list_credentials(session, *Guid::parse(principal.at("id").get_string()));
    if (!credentials) return failure(std::move(credentials));
    principal["passwordCredentials"] = to_json(*credentials);
    return principal;
}

Task<Result<Response>> create(const Services& services, Context& context) {
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    const auto application = Guid::parse(find_string(*body, "appId").value_or(""));
    if (!application) {
        co_return failure(ErrorCode::invalid_parameter, "'appId' must be the client id of an application.");
    }
    std::optional<Principal> made;
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto principal = tenant::create_service_principal(session, context.world().tenant_id, *application, context.now());
        if (!principal && principal.error().code == ErrorCode::not_found) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("The appId '{}' of the service principal does not reference a valid application "
                                       "object.",
                                       application->value()));
        }
        if (!principal) return failure(std::move(principal));
        made.emplace(std::move(*principal));
        return context.event("servicePrincipal.create", {{"id", made->id.value()}, {"appId", application->value()}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return entity_response(context, 201, "servicePrincipals", to_json(context.world(), *made));
}

Task<Result<Response>> list(const Services& services, Context& context) {
    auto query = GraphQuery::parse(context);
    if (!query) co_return failure(std::move(query));
    std::vector<object> all;
    for (const Principal& principal : context.world().principals()) {
        if (principal.kind == PrincipalKind::service_principal) all.push_back(to_json(context.world(), principal));
    }
    auto page = GraphPage::select(*query, std::move(all));
    if (!page) co_return failure(std::move(page));
    const auto read = [&](Session& session) -> Result<std::vector<object>> {
        std::vector<object> out;
        for (const object& item : page->items) {
            auto full = with_credentials(session, item);
            if (!full) return failure(std::move(full));
            out.push_back(std::move(*full));
        }
        return out;
    };
    auto reading = services.database.read(storage::ReadKind::scan, read);
    auto items = co_await std::move(reading);
    if (!items) co_return failure(std::move(items));
    page->items = std::move(*items);
    co_return page_response(context, "servicePrincipals", std::move(*page));
}

Task<Result<Response>> read_one(const Services& services, Context& context) {
    auto principal = find(context);
    if (!principal) co_return failure(std::move(principal));
    const auto read = [&](Session& session) { return with_credentials(session, to_json(context.world(), **principal)); };
    auto reading = services.database.read(storage::ReadKind::point, read);
    auto entity = co_await std::move(reading);
    if (!entity) co_return failure(std::move(entity));
    if (selects_security_attributes(context.query().find("$select").value_or(""))) {
        auto allowed = context.require(permissions::service_principals_attributes_read);
        if (!allowed) co_return failure(std::move(allowed));
        (*entity)["customSecurityAttributes"] = security_attributes_json((*principal)->security_attributes);
    }
    co_return entity_response(context, 200, "servicePrincipals", std::move(*entity));
}

Task<Result<Response>> update(const Services& services, Context& context) {
    auto principal = find(context);
    if (!principal) co_return failure(std::move(principal));
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    std::optional<bool> enabled;
    if (const auto* wanted = find_member(*body, "accountEnabled")) {
        if (!wanted->is_bool()) co_return failure(ErrorCode::invalid_parameter, "'accountEnabled' must be true or false.");
        enabled = wanted->get_bool();
        auto allowed =
            context.require(*enabled ? permissions::service_principals_enable : permissions::service_principals_disable);
        if (!allowed) co_return failure(std::move(allowed));
    }
    std::optional<std::string> name;
    if (find_member(*body, "displayName") != nullptr) {
        auto parsed = parse_display_name(*body);
        if (!parsed) co_return failure(std::move(parsed));
        name = std::move(*parsed);
    }
    const auto* attributes = body->get_object().if_contains("customSecurityAttributes");
    if (attributes != nullptr) {
        auto allowed = context.require(permissions::service_principals_attributes_update);
        if (!allowed) co_return failure(std::move(allowed));
    }
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto updated = tenant::update_principal(session, (*principal)->id, name, enabled);
        if (!updated) return failure(std::move(updated));
        if (attributes != nullptr) {
            auto patched = patch_security_attributes(session, (*principal)->id, *attributes);
            if (!patched) return failure(std::move(patched));
        }
        object detail{{"id", (*principal)->id.value()}};
        if (enabled) detail["accountEnabled"] = *enabled;
        if (name) detail["displayName"] = *name;
        if (attributes != nullptr) detail["customSecurityAttributes"] = *attributes;
        return context.event("servicePrincipal.update", std::move(detail));
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::empty_response(204);
}

Task<Result<Response>> remove(const Services& services, Context& context) {
    auto principal = find(context);
    if (!principal) co_return failure(std::move(principal));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto deleted = tenant::delete_principal(session, (*principal)->id);
        if (!deleted) return failure(std::move(deleted));
        return context.event("servicePrincipal.delete", {{"id", (*principal)->id.value()}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::empty_response(204);
}

} // namespace

std::vector<gateway::Route> service_principal_routes(const Services& services) {
    using enum http::Method;
    return graph_routes(services,
                        {{.id = "graph.servicePrincipal.create",
                          .method = post,
                          .pattern = "/v1.0/servicePrincipals",
                          .permissions = {&permissions::service_principals_create},
                          .body_limit = largest_graph_body,
                          .handler = create,
                          .summary = "Makes the service principal of an application"},
                         {.id = "graph.servicePrincipal.list",
                          .pattern = "/v1.0/servicePrincipals",
                          .permissions = {&permissions::service_principals_read},
                          .handler = list,
                          .summary = "Lists service principals"},
                         {.id = "graph.servicePrincipal.get",
                          .pattern = "/v1.0/servicePrincipals/{id}",
                          .permissions = {&permissions::service_principals_read},
                          .further = {&permissions::service_principals_attributes_read},
                          .handler = read_one,
                          .summary = "Reads a service principal"},
                         {.id = "graph.servicePrincipal.update",
                          .method = patch,
                          .pattern = "/v1.0/servicePrincipals/{id}",
                          .permissions = {&permissions::service_principals_update},
                          .further = {&permissions::service_principals_enable, &permissions::service_principals_disable,
                                      &permissions::service_principals_attributes_update},
                          .body_limit = largest_graph_body,
                          .handler = update,
                          .summary = "Enables, disables or renames a service principal, or changes its security attributes"},
                         {.id = "graph.servicePrincipal.delete",
                          .method = delete_,
                          .pattern = "/v1.0/servicePrincipals/{id}",
                          .permissions = {&permissions::service_principals_delete},
                          .handler = remove,
                          .summary = "Deletes a service principal; its access ends at once"}});
}

} // namespace berth::directory
