#include "gateway/response.hpp"
#include "identity/sessions.hpp"
#include "sign_in/client_registration.hpp"
#include "sign_in/cookies.hpp"
#include "sign_in/page.hpp"
#include "sign_in/sign_in_page.hpp"
#include "sign_in/sign_in_routes.hpp"
#include "sign_in/tenant_segment.hpp"

#include <fmt/format.h>

namespace berth::sign_in {
namespace {

using gateway::Context;
using gateway::Route;
using gateway::Services;
using http::Response;
using storage::Session;

// OpenID Connect RP-Initiated Logout 1.0. It goes on to an address of the client only; without one the page says it is done.
Task<Result<Response>> sign_out(const Services& services, Context& context) {
    const std::string_view tenant = context.parameter("tenant");
    if (!tenant.empty()) {
        if (auto known = check_tenant(context.world(), tenant); !known) co_return failure(std::move(known));
    }
    if (const auto cookie = find_cookie(context, Cookie::session)) {
        auto end = [&](Session& session) -> Result<void> {
            auto ended = identity::end_session(session, *cookie);
            if (!ended) return failure(std::move(ended));
            if (!*ended) return {};
            return storage::append_event(session, context.now(),
                                         {.kind = "signIn.sessionEnded",
                                          .registry = std::nullopt,
                                          .actor = (*ended)->value(),
                                          .detail = {{"address", context.request().remote_address}}});
        };
        auto ending = services.database.write(end);
        auto ended = co_await std::move(ending);
        if (!ended) co_return failure(std::move(ended));
    }
    const std::string_view goes_on = context.query().find("post_logout_redirect_uri").value_or("");
    const std::string_view client_id = context.query().find("client_id").value_or("");
    Response response = message_page(200, "You have signed out", "It is a good idea to close all browser windows.");
    if (!goes_on.empty() && !client_id.empty()) {
        auto client = co_await find_client(services, context, client_id);
        if (client && client->redirect_kind(goes_on)) {
            const std::string_view state = context.query().find("state").value_or("");
            const char separator = goes_on.find('?') == std::string_view::npos ? '?' : '&';
            response = redirect(state.empty() ? std::string(goes_on)
                                              : fmt::format("{}{}state={}", goes_on, separator, percent_encode(state)));
        }
    }
    clear_cookie(response, context, Cookie::session);
    clear_cookie(response, context, Cookie::browser);
    co_return response;
}

// What az asks before it sends a name and a password: whether berth checks them itself.
Task<Result<Response>> user_realm(const Services&, Context& context) {
    const std::string_view name = context.parameter("name");
    const std::size_t at = name.find('@');
    co_return gateway::json_response(200, boost::json::object{{"ver", "1.0"},
                                                              {"account_type", "Managed"},
                                                              {"domain_name", name.substr(std::min(at, name.size() - 1) + 1)},
                                                              {"cloud_instance_name", context.request().host},
                                                              {"cloud_audience_urn", "urn:federation:MicrosoftOnline"}});
}

} // namespace

std::vector<Route> sign_out_routes(const Services& services) {
    using enum http::Method;
    constexpr std::string_view out = "it ends the session of the browser that asks, and no other";
    std::vector<Route> routes{
        page_route(services, "logout.v2", get, "/{tenant}/oauth2/v2.0/logout", sign_out, out, "Ends the browser's session"),
        page_route(services, "logout.v1", get, "/{tenant}/oauth2/logout", sign_out, out, "The same in its first version"),
        page_route(services, "logout.adfs", get, "/adfs/oauth2/logout", sign_out, out,
                   "The same for clients that take berth for an ADFS")};
    routes.push_back(page_route(services, "userrealm.get", get, "/common/userrealm/{name}", user_realm,
                                "it says the same of every name", "Says that berth checks passwords itself"));
    return routes;
}

} // namespace berth::sign_in
