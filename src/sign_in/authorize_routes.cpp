#include "sign_in/client_registration.hpp"
#include "sign_in/cookies.hpp"
#include "sign_in/person_password.hpp"
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

Response error_to_client(const Destination& destination, const Error& error) {
    return answer_client(destination, {{"error", error.protocol_code.empty() ? "server_error" : error.protocol_code},
                                       {"error_description", error.message}});
}

template <TokenForm form>
Task<Result<Response>> authorize(const Services& services, Context& context) {
    if (form != TokenForm::adfs) {
        if (auto known = check_tenant(context.world(), context.parameter("tenant")); !known) {
            co_return failure(std::move(known));
        }
    }
    const Parameters& query = context.query();
    auto client = co_await find_client(services, context, query.find("client_id").value_or(""));
    if (!client) co_return failure(std::move(client));
    auto destination = Destination::parse(query, *client);
    if (!destination) co_return failure(std::move(destination));
    auto request = AuthorizationRequest::parse(form, query, *client, *destination);
    if (!request) co_return error_to_client(*destination, request.error());
    PendingSignIn pending;
    pending.request = std::move(*request);
    auto known = co_await signed_in(services, context);
    if (!known) co_return failure(std::move(known));
    const std::string_view prompt = pending.request->prompt;
    if (*known && (prompt.empty() || prompt == "none")) {
        auto response = co_await finish(services, context, pending, **known);
        co_return response;
    }
    if (prompt == "none") {
        co_return answer_client(*destination,
                                {{"error", "login_required"},
                                 {"error_description", "AADSTS50058: Nobody is signed in in this browser, and the request "
                                                       "says that nobody may be asked."}});
    }
    if (prompt == "login") known->reset();
    co_return ask_who(services, context, pending, *known);
}

Task<Result<Response>> take_password(const Services& services, Context& context) {
    const auto form = co_await read_form(context);
    if (!form) co_return std::unexpected(form.error());
    auto pending = PendingSignIn::open(services, context, form->find("pending"));
    if (!pending) co_return failure(std::move(pending));
    const std::string_view name = form->find("username");
    auto person = co_await verify_person(services, context, name, form->find("password"));
    if (!person && person.error().protocol_code.empty()) co_return failure(std::move(person));
    if (!person) {
        // A page is for people: without the number that programs look for.
        const std::string& message = person.error().message;
        const Browser browser = browser_of(context);
        const PageFacts facts = facts_of(services, context, *pending, browser);
        co_return password_page(401, facts, name, message.substr(std::min(message.find(": ") + 2, message.size())));
    }
    const auto world = services.tenancy.world();
    const SignedIn now{*person, world, world->find_principal(person->id)};
    if (now.principal == nullptr) co_return failure(ErrorCode::bad_request, "The account was deleted meanwhile.");
    auto session = co_await start_browser_session(services, context, *person);
    if (!session) co_return failure(std::move(session));
    auto response = co_await finish(services, context, *pending, now);
    if (response) set_cookie(*response, context, Cookie::session, session->reveal());
    co_return response;
}

Task<Result<Response>> go_on(const Services& services, Context& context) {
    const auto form = co_await read_form(context);
    if (!form) co_return std::unexpected(form.error());
    auto pending = PendingSignIn::open(services, context, form->find("pending"));
    if (!pending) co_return failure(std::move(pending));
    auto known = co_await signed_in(services, context);
    if (!known) co_return failure(std::move(known));
    if (!*known) co_return ask_who(services, context, *pending, std::nullopt);
    auto response = co_await finish(services, context, *pending, **known);
    co_return response;
}

Task<Result<Response>> use_another_account(const Services& services, Context& context) {
    const auto form = co_await read_form(context);
    if (!form) co_return std::unexpected(form.error());
    auto pending = PendingSignIn::open(services, context, form->find("pending"));
    if (!pending) co_return failure(std::move(pending));
    co_return ask_who(services, context, *pending, std::nullopt);
}

} // namespace

std::vector<Route> authorize_routes(const Services& services) {
    using enum http::Method;
    constexpr std::string_view first = "the page where people sign in";
    constexpr std::string_view next = "a form of the sign-in page, good only in the browser that it was made for";
    return {page_route(services, "authorize.v2", get, "/{tenant}/oauth2/v2.0/authorize", authorize<TokenForm::v2>, first,
                       "Lets a person sign in and gives the client a code"),
            page_route(services, "authorize.v1", get, "/{tenant}/oauth2/authorize", authorize<TokenForm::v1>, first,
                       "The same in its first version"),
            page_route(services, "authorize.adfs", get, "/adfs/oauth2/authorize", authorize<TokenForm::adfs>, first,
                       "The same for clients that take berth for an ADFS"),
            page_route(services, "signin.password", post, "/signin/password", take_password, next, "Takes name and password"),
            page_route(services, "signin.continue", post, "/signin/continue", go_on, next,
                       "Goes on as the person who is signed in"),
            page_route(services, "signin.other", post, "/signin/other", use_another_account, next, "Asks for another account")};
}

} // namespace berth::sign_in
