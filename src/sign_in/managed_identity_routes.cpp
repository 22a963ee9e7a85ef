#include "base/guid.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"
#include "identity/credentials.hpp"
#include "sign_in/grants.hpp"
#include "sign_in/sign_in_routes.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::sign_in {
namespace {

using boost::json::object;
using gateway::Context;
using gateway::Services;
using http::Response;
using tenant::Principal;

// The errors of the endpoints on Azure's machines, which are none of OAuth's.
std::unexpected<Error> refused(ErrorCode code, std::string_view error, std::string message) {
    Error out{code, std::move(message)};
    out.protocol_code = error;
    return std::unexpected(std::move(out));
}

std::unexpected<Error> wrong_secret() {
    return refused(ErrorCode::invalid_credentials, "unauthorized_client",
                   "The secret in 'X-IDENTITY-HEADER' (or 'secret') is missing, wrong or has ended. 'berth identity endpoint "
                   "create' makes one and prints what to set.");
}

std::string_view secret_of(const http::Request& request) {
    for (const std::string_view name : {"x-identity-header", "secret"}) {
        if (const auto value = request.headers.find(name)) return *value;
    }
    return {};
}

// A machine may have several identities in Azure; a secret of berth is that of one, and a request may name no other.
Result<void> check_named(const Context& context, const Principal& principal) {
    const auto named = [&](std::initializer_list<std::string_view> names) -> std::string_view {
        for (const std::string_view name : names) {
            if (const auto value = context.query().find(name); value && !value->empty()) return *value;
        }
        return {};
    };
    const std::string_view client = named({"client_id", "clientid"});
    const std::string_view object_id = named({"object_id", "principal_id"});
    const std::string_view resource = named({"mi_res_id", "msi_res_id"});
    const bool same = (client.empty() || equals_ignoring_case(client, principal.application_id->value())) &&
                      (object_id.empty() || equals_ignoring_case(object_id, principal.id.value())) &&
                      (resource.empty() || equals_ignoring_case(resource, *principal.managed_resource));
    if (same) return {};
    return refused(
        ErrorCode::invalid_parameter, "invalid_request",
        fmt::format("Identity not found: this endpoint's secret is that of the identity '{}' with the client id '{}'.",
                    principal.display_name, principal.application_id->value()));
}

Task<Result<Response>> give_token(const Services& services, Context& context) {
    // Browsers and careless proxies do not send it (2018-02-01 of Azure's own endpoint asks for it, too).
    const std::string_view version = context.query().find("api-version").value_or("");
    if (version.empty()) {
        co_return refused(ErrorCode::invalid_parameter, "invalid_request", "The query parameter 'api-version' is missing.");
    }
    const std::string_view secret = secret_of(context.request());
    const auto client_id = Guid::parse(secret.substr(0, secret.find('.')));
    if (!client_id) co_return wrong_secret();
    const std::string_view address = context.request().remote_address;
    auto verified = co_await services.credentials.verify_principal(context.world(), client_id->value(), secret, address);
    if (!verified && verified.error().code != ErrorCode::invalid_credentials) co_return failure(std::move(verified));
    const Principal* principal = verified ? context.world().find_principal(verified->id) : nullptr;
    if (principal == nullptr || !principal->managed_resource || !principal->application_id) co_return wrong_secret();
    if (auto named = check_named(context, *principal); !named) co_return failure(std::move(named));

    const std::string resource(context.query().find("resource").value_or(""));
    if (resource.empty()) {
        co_return refused(ErrorCode::invalid_parameter, "invalid_request", "The query parameter 'resource' is missing.");
    }
    if (auto known = check_resource(services, context, resource); !known) co_return failure(std::move(known));
    const std::string issuer = issuer_of(context, TokenForm::v2);
    auto signing = services.workers.run([&] { // RSA takes milliseconds
        return services.directory_tokens.issue(context.world(), *principal, resource, issuer, verified->secret);
    });
    auto issued = co_await signing;
    if (!issued) co_return failure(std::move(issued));
    co_return token_response(object{{"access_token", issued->token},
                                    {"client_id", principal->application_id->value()},
                                    {"expires_in", std::to_string(issued->lifetime.count())},
                                    {"expires_on", std::to_string(to_unix_seconds(issued->expires_at))},
                                    {"ext_expires_in", std::to_string(issued->lifetime.count())},
                                    {"not_before", std::to_string(to_unix_seconds(context.now()))},
                                    {"resource", resource},
                                    {"token_type", "Bearer"}});
}

} // namespace

std::vector<gateway::Route> managed_identity_routes(const Services& services) {
    struct Row {
        std::string_view id;
        std::string_view pattern;
        std::string_view summary;
    };
    std::vector<gateway::Route> out;
    for (const Row& row : {Row{"identity.token", "/msi/token", "Gives a token to a place where a managed identity is used"},
                           Row{"identity.token.imds", "/metadata/identity/oauth2/token",
                               "The same where clients look for the endpoint of a machine in Azure"}}) {
        gateway::Route route;
        route.id = row.id;
        route.method = http::Method::get;
        route.pattern = row.pattern;
        route.protocol = gateway::Protocol::sign_in;
        route.entry = {gateway::EntryKind::open, {}, "signing in: the secret in the header proves where the identity is used"};
        route.handler = [services](Context& context) { return give_token(services, context); };
        route.summary = row.summary;
        out.push_back(std::move(route));
    }
    return out;
}

} // namespace berth::sign_in
