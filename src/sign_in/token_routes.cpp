#include "sign_in/sign_in_routes.hpp"

#include "base/guid.hpp"
#include "base/time.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"
#include "sign_in/tenant_segment.hpp"
#include "sign_in/token_request.hpp"

#include <fmt/format.h>

namespace berth::sign_in {
namespace {

using boost::json::object;
using gateway::Context;
using gateway::Route;
using gateway::Services;
using http::Response;

constexpr std::uint64_t largest_form = std::uint64_t{64} << 10;

// The same words for an unknown client and a wrong secret: who asks does not learn which client ids exist.
std::unexpected<Error> wrong_secret(std::string_view client_id) {
    return entra_failure(ErrorCode::invalid_credentials, "invalid_client", 7000215,
                         fmt::format("Invalid client secret provided. Ensure the secret being sent in the request is the "
                                     "client secret value, not the client secret ID, for a secret added to app '{}'.",
                                     client_id));
}

struct SignedIn {
    const tenant::Principal* principal;
    std::string secret; // which of theirs
};

Task<Result<SignedIn>> authenticate(const Services& services, const Context& context, const TokenRequest& request) {
    // A client id is a GUID; people's names and passwords do not sign in here.
    const auto client_id = Guid::parse(request.client_id);
    if (!client_id) co_return wrong_secret(request.client_id);
    auto verified =
        co_await services.credentials.verify_principal(context.world(), client_id->value(), request.client_secret.reveal());
    if (!verified && verified.error().code != ErrorCode::invalid_credentials) co_return failure(std::move(verified));
    const auto* principal = verified ? context.world().find_principal(verified->id) : nullptr;
    if (principal == nullptr) co_return wrong_secret(request.client_id);
    co_return SignedIn{principal, verified->secret};
}

std::string issuer(const Context& context, TokenForm form) {
    if (form == TokenForm::adfs) return context.base_address() + "/adfs";
    return fmt::format("{}/{}/v2.0", context.base_address(), context.world().tenant_id.value());
}

Task<Result<Response>> give_token(const Services& services, Context& context, TokenForm form) {
    if (form != TokenForm::adfs) {
        if (auto known = check_tenant(context.world(), context.parameter("tenant")); !known) {
            co_return failure(std::move(known));
        }
    }
    auto body = co_await context.body();
    if (!body) co_return failure(std::move(body));
    const auto authorization = context.request().headers.find("authorization");
    auto request = TokenRequest::parse(form, *body, authorization);
    if (!request) co_return failure(std::move(request));
    auto signed_in = co_await authenticate(services, context, *request);
    if (!signed_in) co_return failure(std::move(signed_in));
    if (!services.directory_tokens.knows_resource(request->resource)) {
        co_return entra_failure(ErrorCode::invalid_parameter, "invalid_resource", 500011,
                                fmt::format("The resource principal named {} was not found in the tenant named {}. Ask for "
                                            "https://management.azure.com, https://graph.microsoft.com, "
                                            "https://containerregistry.azure.net or berth's own address.",
                                            request->resource, context.world().tenant_name));
    }
    auto issued = services.directory_tokens.issue(context.world(), *signed_in->principal, request->resource,
                                                  issuer(context, form), signed_in->secret);
    if (!issued) co_return failure(std::move(issued));
    object answer{{"token_type", "Bearer"},
                  {"expires_in", issued->lifetime.count()},
                  {"ext_expires_in", issued->lifetime.count()},
                  {"access_token", issued->token}};
    if (form == TokenForm::v1) {
        answer["expires_on"] = std::to_string(to_unix_seconds(issued->expires_at));
        answer["not_before"] = std::to_string(to_unix_seconds(context.now()));
        answer["resource"] = request->resource;
    }
    auto response = gateway::json_response(200, answer);
    response.headers.set("Cache-Control", "no-store"); // RFC 6749 section 5.1
    response.headers.set("Pragma", "no-cache");
    co_return response;
}

} // namespace

std::vector<Route> token_routes(const Services& services) {
    struct Row {
        std::string_view id;
        std::string_view pattern;
        TokenForm form;
        std::string_view summary;
    };
    constexpr std::string_view why = "signing in: the client proves itself in the request";
    std::vector<Route> out;
    for (const Row& row :
         {Row{"token.v2", "/{tenant}/oauth2/v2.0/token", TokenForm::v2, "Gives a token for a scope"},
          Row{"token.v1", "/{tenant}/oauth2/token", TokenForm::v1, "Gives a token for a resource"},
          Row{"token.adfs", "/adfs/oauth2/token", TokenForm::adfs, "Gives a token to clients that take berth for an ADFS"}}) {
        Route route;
        route.id = row.id;
        route.method = http::Method::post;
        route.pattern = row.pattern;
        route.protocol = gateway::Protocol::sign_in;
        route.entry = {gateway::EntryKind::open, {}, why};
        route.body_limit = largest_form;
        route.handler = [services, form = row.form](Context& context) { return give_token(services, context, form); };
        route.summary = row.summary;
        out.push_back(std::move(route));
    }
    return out;
}

} // namespace berth::sign_in
