#include "sign_in/sign_in_routes.hpp"

#include "gateway/context.hpp"
#include "gateway/error_response.hpp"
#include "gateway/response.hpp"
#include "sign_in/cross_origin.hpp"
#include "sign_in/entra_error.hpp"
#include "sign_in/grants.hpp"
#include "sign_in/tenant_segment.hpp"
#include "sign_in/token_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::sign_in {
namespace {

using gateway::Context;
using gateway::Route;
using gateway::Services;
using http::Response;

constexpr std::uint64_t largest_form = std::uint64_t{64} << 10;

struct GrantRow {
    std::string_view type;
    Grant grant;
};

constexpr std::array grants{GrantRow{"authorization_code", grant_authorization_code},
                            GrantRow{"client_credentials", grant_client_credentials},
                            GrantRow{"password", grant_password},
                            GrantRow{"refresh_token", grant_refresh_token},
                            GrantRow{"device_code", grant_device_code}, // Entra's first name of the next
                            GrantRow{"urn:ietf:params:oauth:grant-type:device_code", grant_device_code}};

std::unexpected<Error> unsupported(std::string_view type) {
    std::string known;
    for (const GrantRow& row : grants) known += fmt::format("{}'{}'", known.empty() ? "" : ", ", row.type);
    return entra_failure(
        ErrorCode::invalid_parameter, "unsupported_grant_type", 70003,
        fmt::format("The app requested an unsupported grant type '{}'. This version of berth serves {}.", type, known));
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
    const auto request = TokenRequest::parse(form, *body, authorization);
    if (!request) co_return std::unexpected(request.error());
    const auto row = std::ranges::find(grants, request->grant_type, &GrantRow::type);
    if (row == grants.end()) co_return unsupported(request->grant_type);
    auto response = co_await row->grant(services, context, *request);
    co_return response;
}

// For pages of single-page applications too, which must be allowed to read errors as well.
Task<Result<Response>> give_token_to_any(const Services& services, Context& context, TokenForm form) {
    auto origin = co_await allowed_origin(services, context);
    if (!origin) co_return failure(std::move(origin));
    auto response = co_await give_token(services, context, form);
    if (!*origin) co_return response;
    if (!response) {
        const gateway::ErrorPlace place{.protocol = gateway::Protocol::sign_in, .correlation_id = context.correlation_id()};
        response = gateway::error_response(response.error(), place);
    }
    allow_origin(*response, **origin);
    co_return response;
}

Task<Result<Response>> answer_preflight(const Services& services, Context& context) {
    auto origin = co_await allowed_origin(services, context);
    if (!origin) co_return failure(std::move(origin));
    co_return preflight(context, *origin);
}

} // namespace

std::string issuer_of(const Context& context, TokenForm form) {
    if (form == TokenForm::adfs) return context.base_address() + "/adfs";
    return fmt::format("{}/{}/v2.0", context.base_address(), context.world().tenant_id.value());
}

Result<void> check_resource(const Services& services, const Context& context, std::string_view resource) {
    if (services.directory_tokens.knows_resource(context.world(), resource)) return {};
    return entra_failure(ErrorCode::invalid_parameter, "invalid_resource", 500011,
                         fmt::format("The resource principal named {} was not found in the tenant named {}. Ask for "
                                     "https://management.azure.com, https://graph.microsoft.com, "
                                     "https://containerregistry.azure.net or berth's own address.",
                                     resource, context.world().tenant_name));
}

Response token_response(const boost::json::object& answer) {
    auto response = gateway::json_response(200, answer);
    response.headers.set("Cache-Control", "no-store"); // RFC 6749 section 5.1
    response.headers.set("Pragma", "no-cache");
    return response;
}

std::vector<Route> token_routes(const Services& services) {
    struct Row {
        std::string_view id;
        std::string_view pattern;
        TokenForm form;
        std::string_view summary;
        std::string_view preflight_id;
    };
    constexpr std::string_view why = "signing in: the client proves itself in the request";
    std::vector<Route> out;
    for (const Row& row :
         {Row{"token.v2", "/{tenant}/oauth2/v2.0/token", TokenForm::v2, "Gives a token for a scope", "token.v2.preflight"},
          Row{"token.v1", "/{tenant}/oauth2/token", TokenForm::v1, "Gives a token for a resource", "token.v1.preflight"},
          Row{"token.adfs", "/adfs/oauth2/token", TokenForm::adfs, "Gives a token to clients that take berth for an ADFS",
              "token.adfs.preflight"}}) {
        Route route;
        route.id = row.id;
        route.method = http::Method::post;
        route.pattern = row.pattern;
        route.protocol = gateway::Protocol::sign_in;
        route.entry = {gateway::EntryKind::open, {}, why};
        route.body_limit = largest_form;
        route.handler = [services, form = row.form](Context& context) { return give_token_to_any(services, context, form); };
        route.summary = row.summary;
        Route asked = route;
        out.push_back(std::move(route));
        asked.id = row.preflight_id;
        asked.method = http::Method::options;
        asked.entry.why = "a browser asks whether a page may sign in here";
        asked.body_limit = 0;
        asked.handler = [services](Context& context) { return answer_preflight(services, context); };
        asked.summary = "Says whether a page of another site may ask";
        out.push_back(std::move(asked));
    }
    return out;
}

} // namespace berth::sign_in
