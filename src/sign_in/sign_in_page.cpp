#include "sign_in/sign_in_page.hpp"

#include "gateway/error_table.hpp"
#include "identity/delegation.hpp"
#include "identity/device_codes.hpp"
#include "identity/sign_in_provider.hpp"
#include "sign_in/client_registration.hpp"
#include "sign_in/cookies.hpp"
#include "sign_in/grants.hpp"
#include "sign_in/page.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace berth::sign_in {
namespace {

using gateway::Context;
using gateway::Route;
using gateway::Services;
using http::Response;
using storage::Session;

constexpr std::uint64_t largest_form = std::uint64_t{64} << 10;

Task<Result<Response>> as_page(const Services& services, Context& context, PageStep step) {
    auto response = co_await step(services, context);
    if (response) co_return response;
    const Error& error = response.error();
    if (error.code == ErrorCode::internal) {
        spdlog::error("{} ({}): {}", context.route().id, context.correlation_id(), error.message);
        co_return message_page(
            500, "Something went wrong",
            fmt::format("Try again. If it stays so, tell whoever runs this server the number {}.", context.correlation_id()));
    }
    co_return message_page(gateway::mapping_of(error.code).status, "This did not work", error.message);
}

Task<Result<Response>> ask_about_device(const Services& services, Context& context, const PendingSignIn& pending,
                                        const SignedIn& person) {
    auto read = [&](Session& session) { return identity::find_device(session, pending.user_code, context.now()); };
    auto reading = services.database.read(storage::ReadKind::point, read);
    auto device = co_await std::move(reading);
    if (!device) co_return failure(std::move(device));
    if (!*device) co_return failure(ErrorCode::bad_request, "The code has expired. Start again where you signed in.");
    auto client = co_await find_client(services, context, (*device)->client_id);
    if (!client) co_return failure(std::move(client));
    const Browser browser = browser_of(context);
    PageFacts facts = facts_of(services, context, pending, browser);
    facts.client = client->display_name;
    co_return device_consent_page(facts, *person.principal, (*device)->address);
}

} // namespace

Route page_route(const Services& services, std::string_view id, http::Method method, std::string_view pattern, PageStep step,
                 std::string_view why, std::string_view summary) {
    Route route;
    route.id = id;
    route.method = method;
    route.pattern = pattern;
    route.protocol = gateway::Protocol::sign_in;
    route.entry = {gateway::EntryKind::open, {}, why};
    route.body_limit = method == http::Method::post ? largest_form : 0;
    route.handler = [services, step](Context& context) { return as_page(services, context, step); };
    route.summary = summary;
    return route;
}

Task<Result<PostedForm>> read_form(Context& context) {
    if (auto same = check_same_origin(context); !same) co_return failure(std::move(same));
    auto body = co_await context.body();
    if (!body) co_return failure(std::move(body));
    auto fields = Parameters::parse(*body);
    if (!fields) co_return failure(ErrorCode::bad_request, "The form cannot be read.");
    co_return PostedForm{std::move(*fields)};
}

PageFacts facts_of(const Services& services, const Context& context, const PendingSignIn& pending, const Browser& browser) {
    PageFacts facts;
    facts.directory = context.world().tenant_name;
    if (pending.request) {
        facts.client = pending.request->client_name;
        facts.form_target = pending.request->destination.redirect_uri;
    }
    if (services.sign_in_provider != nullptr) facts.provider = services.sign_in_provider->name;
    facts.pending = pending.seal(services, browser.value, context.now());
    return facts;
}

Response ask_who(const Services& services, const Context& context, const PendingSignIn& pending,
                 const std::optional<SignedIn>& known) {
    const Browser browser = browser_of(context);
    const PageFacts facts = facts_of(services, context, pending, browser);
    const std::string_view hint = pending.request ? std::string_view(pending.request->login_hint) : std::string_view();
    Response response = known ? account_page(facts, *known->principal) : password_page(200, facts, hint, {});
    if (browser.is_new) set_cookie(response, context, Cookie::browser, browser.value);
    return response;
}

Response answer_client(const Destination& destination, const std::vector<std::pair<std::string_view, std::string>>& fields) {
    auto all = fields;
    if (!destination.state.empty()) all.emplace_back("state", destination.state);
    if (destination.mode == ResponseMode::form_post) return page_that_posts(destination.redirect_uri, all);
    std::string location = destination.redirect_uri;
    char separator = destination.mode == ResponseMode::fragment ? '#' : location.find('?') == std::string::npos ? '?' : '&';
    for (const auto& [name, value] : all) {
        location += separator;
        location += fmt::format("{}={}", name, percent_encode(value));
        separator = '&';
    }
    return redirect(std::move(location));
}

Task<Result<Response>> finish(const Services& services, Context& context, const PendingSignIn& pending,
                              const SignedIn& person) {
    if (!pending.request) {
        auto question = co_await ask_about_device(services, context, pending, person);
        co_return question;
    }
    const AuthorizationRequest& request = *pending.request;
    const identity::CodeBinding binding{.client_id = request.client_id,
                                        .redirect_uri = request.destination.redirect_uri,
                                        .code_challenge = request.code_challenge,
                                        .access = kept_access(request.access, request.nonce),
                                        .confidential = request.confidential};
    auto make = [&](Session& session) -> Result<Secret> {
        auto code = identity::make_code(session, person.person, binding, context.now());
        if (!code) return code;
        auto left =
            storage::append_event(session, context.now(),
                                  {.kind = "signIn.code",
                                   .registry = std::nullopt,
                                   .actor = person.person.id.value(),
                                   .detail = {{"clientId", request.client_id}, {"address", context.request().remote_address}}});
        if (!left) return failure(std::move(left));
        return code;
    };
    auto making = services.database.write(make);
    auto code = co_await std::move(making);
    if (!code) co_return failure(std::move(code));
    co_return answer_client(request.destination, {{"code", code->reveal()}});
}

} // namespace berth::sign_in
