#include "base/strict_json.hpp"
#include "directory/graph_json.hpp"
#include "directory/graph_routes.hpp"
#include "directory/graph_type.hpp"
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

// Secrets belong to applications or to service principals.
Result<void> check_owner(Session& session, const Context& context, const GraphType& type, const Guid& id) {
    if (!type.kind) {
        auto application = tenant::read_application(session, id);
        if (application) return {};
        if (application.error().code != ErrorCode::not_found) return failure(std::move(application));
        return no_such_resource(id.value());
    }
    const auto* principal = context.world().find_principal(id);
    if (principal == nullptr || principal->kind != *type.kind) return no_such_resource(id.value());
    if (!principal->managed_resource) return {};
    return failure(ErrorCode::invalid_parameter, "A managed identity has no secrets: it signs in by where it runs.");
}

Task<Result<Response>> add(const Services& services, Context& context, const GraphType& type) {
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
        if (auto owned = check_owner(session, context, type, *id); !owned) return failure(std::move(owned));
        auto added = tenant::add_credential(session, *id, made.info, made.hash);
        if (!added) return failure(std::move(added));
        return context.event(fmt::format("{}.addPassword", type.name),
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

Task<Result<Response>> remove(const Services& services, Context& context, const GraphType& type) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    const auto key_id = Guid::parse(find_string(*body, "keyId").value_or(""));
    if (!key_id) co_return failure(ErrorCode::invalid_parameter, "'keyId' must be the id of one of the secrets.");
    auto change = [&](Session& session) -> Result<storage::Event> {
        if (auto owned = check_owner(session, context, type, *id); !owned) return failure(std::move(owned));
        auto removed = tenant::remove_credential(session, *id, *key_id);
        if (!removed && removed.error().code == ErrorCode::not_found) {
            return failure(ErrorCode::invalid_parameter, "No credentials found to be removed.");
        }
        if (!removed) return failure(std::move(removed));
        return context.event(fmt::format("{}.removePassword", type.name), {{"id", id->value()}, {"keyId", key_id->value()}});
    };
    auto changing = change_without_content(services, context, change);
    co_return co_await std::move(changing);
}

} // namespace

std::vector<gateway::Route> password_routes(const Services& services) {
    std::vector<GraphRoute> rows;
    for (const GraphType* type : graph_types()) {
        if (!type->has_credentials) continue;
        const auto row = [&](std::string_view verb, auto handler, std::string summary) {
            rows.push_back(
                {.id = fmt::format("{}.{}", type->name, verb),
                 .method = http::Method::post,
                 .pattern = fmt::format("/{}/{{id}}/{}", type->collection, verb),
                 .permissions = {type->set_keys},
                 .has_body = true,
                 .handler = [type, handler](const Services& in, Context& context) { return handler(in, context, *type); },
                 .summary = std::move(summary)});
        };
        row("addPassword", add, fmt::format("Gives {} a secret, shown once", type->noun));
        row("removePassword", remove, fmt::format("Ends a secret of {} at once", type->noun));
    }
    return graph_routes(services, std::move(rows));
}

} // namespace berth::directory
