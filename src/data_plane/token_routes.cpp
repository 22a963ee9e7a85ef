#include "data_plane/token_routes.hpp"

#include "data_plane/token_access.hpp"
#include "gateway/authentication.hpp"
#include "gateway/context.hpp"
#include "gateway/outside_tokens.hpp"
#include "gateway/response.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::data_plane {
namespace {

using gateway::Context;
using identity::Audience;
using identity::Caller;

constexpr std::uint64_t form_limit = 256 * 1024;

Task<Result<Parameters>> read_form(Context& context) {
    auto text = co_await context.body();
    if (!text) co_return failure(std::move(text));
    auto form = Parameters::parse(*text);
    if (!form) co_return failure(ErrorCode::bad_request, "The form is not valid: a broken escape or too many fields.");
    co_return std::move(*form);
}

std::vector<identity::TokenScope> asked_scopes(const Parameters& parameters) {
    std::string all;
    for (const std::string_view scope : parameters.all("scope")) {
        if (!all.empty()) all += ' ';
        all += scope;
    }
    return identity::TokenScope::parse_list(all);
}

std::vector<identity::TokenScope> within_narrowing(const Caller& caller, const std::vector<identity::TokenScope>& asked) {
    std::vector<identity::TokenScope> out;
    for (const auto& scope : asked) {
        identity::TokenScope kept{scope.type, scope.name, {}};
        for (const auto& action : scope.actions) {
            if (caller.narrowing_allows(scope.type, scope.name, action)) kept.actions.push_back(action);
        }
        if (!kept.actions.empty()) out.push_back(std::move(kept));
    }
    return out;
}

Result<Caller> anonymous(const Context& context) {
    if (!context.registry().anonymous_pull_enabled) {
        return failure(ErrorCode::unauthenticated, "Anonymous access is not enabled on this registry; log in.");
    }
    return Caller::anonymous();
}

} // namespace

std::vector<gateway::Route> TokenRoutes::routes() {
    using gateway::EntryKind;
    using gateway::Protocol;
    constexpr std::string_view why = "credentials are what it takes in and checks itself";
    return {
        {.id = "oauth2.exchange",
         .method = http::Method::post,
         .pattern = "/oauth2/exchange",
         .protocol = Protocol::registry_token,
         .entry = {EntryKind::open, {}, why},
         .further = {},
         .scope = {},
         .body_limit = form_limit,
         .handler = [this](Context& context) { return exchange(context); },
         .summary = "Exchange an Entra-shaped token for a refresh token of the registry"},
        {.id = "oauth2.token.post",
         .method = http::Method::post,
         .pattern = "/oauth2/token",
         .protocol = Protocol::registry_token,
         .entry = {EntryKind::open, {}, why},
         .further = {},
         .scope = {},
         .body_limit = form_limit,
         .handler = [this](Context& context) { return post_token(context); },
         .summary = "Get an access token with a refresh token, a password, or as anonymous"},
        {.id = "oauth2.token.get",
         .method = http::Method::get,
         .pattern = "/oauth2/token",
         .protocol = Protocol::registry_token,
         .entry = {EntryKind::open, {}, why},
         .further = {},
         .scope = {},
         .body_limit = 0,
         .handler = [this](Context& context) { return get_token(context); },
         .summary = "Get an access token with Basic credentials, or as anonymous"},
    };
}

Task<Result<http::Response>> TokenRoutes::exchange(Context& context) {
    auto form = co_await read_form(context);
    if (!form) co_return failure(std::move(form));
    const std::string_view grant = form->find("grant_type").value_or("");
    if (grant != "access_token" && grant != "access_token_refresh_token" && grant != "refresh_token") {
        co_return failure(ErrorCode::bad_request,
                          "The grant_type must be 'access_token', 'access_token_refresh_token' or 'refresh_token'.");
    }
    if (const auto tenant = form->find("tenant"); tenant && !tenant->empty()) {
        const auto id = Guid::parse(*tenant);
        if (id && *id != context.world().tenant_id) {
            co_return failure(ErrorCode::invalid_credentials,
                              fmt::format("The tenant '{}' is not the tenant of this registry.", id->value()));
        }
    }
    const auto token = form->find("access_token");
    if (!token || token->empty()) {
        co_return failure(ErrorCode::invalid_credentials,
                          "An access_token is needed: this directory issues no refresh tokens.");
    }
    static constexpr std::array both{Audience::registry, Audience::resource_manager};
    const auto accepted = std::span<const Audience>(both).first(context.registry().arm_tokens_accepted ? 2 : 1);
    auto outside = co_await gateway::verify_outside_token(services_, context.world(), *token);
    Result<Caller> named = failure(ErrorCode::internal, "");
    if (!outside) {
        named = std::unexpected(std::move(outside.error()));
    } else if (*outside) {
        named = std::move(**outside);
    } else {
        named = services_.directory_tokens.verify(context.world(), accepted, *token);
    }
    auto caller = co_await gateway::with_living_secret(services_, context.world(), std::move(named));
    if (!caller) {
        caller.error().protocol_code.clear(); // ARM's code; this route speaks the registry's protocol
        co_return failure(std::move(caller));
    }
    context.prove(*caller);
    auto issued = services_.registry_tokens.issue_refresh(context.world(), context.registry(), *caller);
    if (!issued) co_return failure(std::move(issued));
    co_return gateway::json_response(200, boost::json::object{{"refresh_token", issued->token}});
}

Task<Result<http::Response>> TokenRoutes::post_token(Context& context) {
    auto form = co_await read_form(context);
    if (!form) co_return failure(std::move(form));
    const std::string_view grant = form->find("grant_type").value_or("");
    const std::string_view refresh = form->find("refresh_token").value_or("");
    const std::string_view user = form->find("username").value_or("");
    const std::string_view password = form->find("password").value_or("");

    Result<Caller> caller = Caller::anonymous();
    if (grant == "refresh_token" && !refresh.empty()) {
        caller = services_.registry_tokens.verify_refresh(context.world(), context.registry(), refresh);
        caller = co_await gateway::with_living_secret(services_, context.world(), std::move(caller));
    } else if (grant == "password" && (!user.empty() || !password.empty())) {
        caller = co_await gateway::authenticate_password(services_, context.world(), context.registry(), user, password,
                                                         context.request().remote_address);
    } else if (grant == "password" || grant == "refresh_token") {
        caller = anonymous(context); // what the SDKs send for nobody
    } else {
        co_return failure(ErrorCode::bad_request, "The grant_type must be 'refresh_token' or 'password'.");
    }
    if (!caller) co_return failure(std::move(caller));
    context.prove(*caller);
    co_return answer(context, *caller, *form);
}

Task<Result<http::Response>> TokenRoutes::get_token(Context& context) {
    Result<Caller> caller = Caller::anonymous();
    if (const auto header = context.request().headers.find("authorization")) {
        auto basic = gateway::parse_basic(*header);
        if (!basic) co_return failure(std::move(basic));
        if (!*basic) co_return failure(ErrorCode::invalid_credentials, "Send Basic credentials, or none.");
        const std::string_view user = (*basic)->user;
        const std::string_view password = (*basic)->password.reveal();
        caller = co_await gateway::authenticate_password(services_, context.world(), context.registry(), user, password,
                                                         context.request().remote_address);
    } else {
        caller = anonymous(context);
    }
    if (!caller) co_return failure(std::move(caller));
    context.prove(*caller);
    co_return answer(context, *caller, context.query());
}

Result<http::Response> TokenRoutes::answer(const Context& context, const Caller& caller, const Parameters& parameters) {
    auto asked = asked_scopes(parameters);
    // As ACR: with repository permissions a token is for the repositories that it names.
    if (context.registry().mode == tenant::RoleAssignmentMode::repository_permissions) {
        std::erase_if(asked, [](const auto& scope) { return scope.type == "repository" && scope.name == "*"; });
    }
    // An access token given as a password is worth what it was asked for and no more.
    if (caller.narrowed_to) asked = within_narrowing(caller, asked);
    const auto granted = granted_access(context.world(), context.registry(), context.now(), caller, asked);
    auto issued = services_.registry_tokens.issue_access(context.world(), context.registry(), caller, asked, granted);
    if (!issued) return failure(std::move(issued));
    // Clients that find no lifetime assume a minute and ask again and again.
    return gateway::json_response(
        200, boost::json::object{{"access_token", issued->token}, {"expires_in", issued->lifetime.count()}});
}

} // namespace berth::data_plane
