#include "base/strict_json.hpp"
#include "directory/graph_json.hpp"
#include "directory/graph_routes.hpp"
#include "directory/password_request.hpp"
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

// Secrets belong to applications or to service principals; both routes do the same to their own kind.
enum class Owner : std::uint8_t { application, service_principal };

std::string_view event_name(Owner owner) noexcept { return owner == Owner::application ? "application" : "servicePrincipal"; }

Result<void> check_owner(Session& session, const Context& context, Owner owner, const Guid& id) {
    if (owner == Owner::application) {
        auto application = tenant::read_application(session, id);
        if (!application) return failure(std::move(application));
        return {};
    }
    const auto* principal = context.world().find_principal(id);
    if (principal != nullptr && principal->kind == tenant::PrincipalKind::service_principal) return {};
    return failure(ErrorCode::not_found, fmt::format("The directory has no service principal with the id '{}'.", id.value()));
}

Task<Result<Response>> add(const Services& services, Context& context, Owner owner) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    auto body = co_await context.json_body();
    if (!body) co_return failure(std::move(body));
    auto request = PasswordRequest::parse(*body, context.now());
    if (!request) co_return failure(std::move(request));
    const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(request->ends_at - context.now());
    auto made = identity::make_credential(request->display_name, context.now(), lifetime);
    made.info.starts_at = request->starts_at;
    made.info.ends_at = request->ends_at;
    auto change = [&](Session& session) -> Result<storage::Event> {
        if (auto owned = check_owner(session, context, owner, *id); !owned) return failure(std::move(owned));
        auto added = tenant::add_credential(session, *id, made.info, made.hash);
        if (!added) return failure(std::move(added));
        return context.event(fmt::format("{}.addPassword", event_name(owner)),
                             {{"id", id->value()}, {"keyId", made.info.key_id.value()}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    object answer = to_json(std::span(&made.info, 1)).front().get_object();
    answer["secretText"] = made.secret.reveal(); // shown this once; only its hash is kept
    answer["@odata.context"] = fmt::format("{}/v1.0/$metadata#microsoft.graph.passwordCredential", context.base_address());
    auto response = gateway::json_response(200, answer);
    response.headers.set("Cache-Control", "no-store");
    co_return response;
}

Task<Result<Response>> remove(const Services& services, Context& context, Owner owner) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    const auto key_id = Guid::parse(find_string(*body, "keyId").value_or(""));
    if (!key_id) co_return failure(ErrorCode::invalid_parameter, "'keyId' must be the id of one of the secrets.");
    auto change = [&](Session& session) -> Result<storage::Event> {
        if (auto owned = check_owner(session, context, owner, *id); !owned) return failure(std::move(owned));
        auto removed = tenant::remove_credential(session, *id, *key_id);
        if (!removed && removed.error().code == ErrorCode::not_found) {
            return failure(ErrorCode::invalid_parameter, "No credentials found to be removed.");
        }
        if (!removed) return failure(std::move(removed));
        return context.event(fmt::format("{}.removePassword", event_name(owner)),
                             {{"id", id->value()}, {"keyId", key_id->value()}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::empty_response(204);
}

Task<Result<Response>> add_to_application(const Services& services, Context& context) {
    return add(services, context, Owner::application);
}
Task<Result<Response>> remove_from_application(const Services& services, Context& context) {
    return remove(services, context, Owner::application);
}
Task<Result<Response>> add_to_service_principal(const Services& services, Context& context) {
    return add(services, context, Owner::service_principal);
}
Task<Result<Response>> remove_from_service_principal(const Services& services, Context& context) {
    return remove(services, context, Owner::service_principal);
}

} // namespace

std::vector<gateway::Route> password_routes(const Services& services) {
    using enum http::Method;
    return graph_routes(services, {{.id = "graph.application.addPassword",
                                    .method = post,
                                    .pattern = "/v1.0/applications/{id}/addPassword",
                                    .permissions = {&permissions::applications_credentials},
                                    .body_limit = largest_graph_body,
                                    .handler = add_to_application,
                                    .summary = "Gives an application a secret, shown once"},
                                   {.id = "graph.application.removePassword",
                                    .method = post,
                                    .pattern = "/v1.0/applications/{id}/removePassword",
                                    .permissions = {&permissions::applications_credentials},
                                    .body_limit = largest_graph_body,
                                    .handler = remove_from_application,
                                    .summary = "Ends a secret of an application at once"},
                                   {.id = "graph.servicePrincipal.addPassword",
                                    .method = post,
                                    .pattern = "/v1.0/servicePrincipals/{id}/addPassword",
                                    .permissions = {&permissions::service_principals_credentials},
                                    .body_limit = largest_graph_body,
                                    .handler = add_to_service_principal,
                                    .summary = "Gives a service principal a secret, shown once"},
                                   {.id = "graph.servicePrincipal.removePassword",
                                    .method = post,
                                    .pattern = "/v1.0/servicePrincipals/{id}/removePassword",
                                    .permissions = {&permissions::service_principals_credentials},
                                    .body_limit = largest_graph_body,
                                    .handler = remove_from_service_principal,
                                    .summary = "Ends a secret of a service principal at once"}});
}

} // namespace berth::directory
