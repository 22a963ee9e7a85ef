#include "base/strict_json.hpp"
#include "identity/assertion.hpp"
#include "identity/group_claim.hpp"
#include "identity/handle.hpp"
#include "identity/outside_accounts.hpp"
#include "identity/sessions.hpp"
#include "identity/sign_in_provider.hpp"
#include "identity/trusted_issuers.hpp"
#include "sign_in/cookies.hpp"
#include "sign_in/page.hpp"
#include "sign_in/sign_in_page.hpp"
#include "sign_in/sign_in_routes.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace berth::sign_in {
namespace {

using gateway::Context;
using gateway::Route;
using gateway::Services;
using http::Response;
using identity::Assertion;
using identity::SignInProvider;
using storage::Session;

constexpr std::chrono::hours longest_id_token{24};
constexpr std::size_t longest_subject = 255; // OpenID Connect Core 1.0, section 2

std::unexpected<Error> provider_failed(const Context& context, std::string_view what) {
    spdlog::warn("the sign-in provider ({}): {}", context.correlation_id(), what);
    return failure(ErrorCode::unavailable,
                   fmt::format("The other sign-in did not work. Try again; if it stays so, tell whoever "
                               "runs this server the number {}.",
                               context.correlation_id()));
}

Task<Result<outbound::CheckedResponse>> call(const Services& services, outbound::CheckedRequest request) {
    auto send = [&] { return services.outbound.send(request); };
    auto sending = services.workers.run(std::move(send));
    auto answer = co_await sending;
    co_return answer;
}

struct Endpoints {
    std::string authorization;
    std::string token;
};

// OpenID Connect Discovery 1.0, section 4: the document must be this issuer's own.
Task<Result<Endpoints>> discover(const Services& services, const Context& context) {
    const SignInProvider& provider = *services.sign_in_provider;
    std::string_view issuer = provider.issuer;
    while (issuer.ends_with('/')) issuer.remove_suffix(1);
    outbound::CheckedRequest request;
    request.url = fmt::format("{}/.well-known/openid-configuration", issuer);
    auto answer = co_await call(services, std::move(request));
    if (!answer) co_return provider_failed(context, answer.error().message);
    if (answer->status != 200) co_return provider_failed(context, fmt::format("its metadata: status {}", answer->status));
    const auto json = parse_json(answer->body);
    if (!json || find_string(*json, "issuer") != provider.issuer) {
        co_return provider_failed(context, "its metadata is not this issuer's");
    }
    Endpoints out{std::string(find_string(*json, "authorization_endpoint").value_or("")),
                  std::string(find_string(*json, "token_endpoint").value_or(""))};
    if (out.authorization.empty() || out.token.empty()) co_return provider_failed(context, "its metadata lacks an endpoint");
    co_return out;
}

std::string answer_address(const Context& context) { return context.base_address() + "/signin/provider/answer"; }

Task<Result<Response>> hand_over(const Services& services, Context& context) {
    if (services.sign_in_provider == nullptr) co_return failure(ErrorCode::not_found, "There is no other sign-in here.");
    auto pending = PendingSignIn::open(services, context, context.query().find("pending").value_or(""));
    if (!pending) co_return failure(std::move(pending));
    auto endpoints = co_await discover(services, context);
    if (!endpoints) co_return failure(std::move(endpoints));
    pending->provider_nonce = identity::make_handle().value.reveal();
    pending->provider_verifier = identity::make_handle().value.reveal() + identity::make_handle().value.reveal();
    const Browser browser = browser_of(context);
    const std::string state = pending->seal(services, browser.value, context.now());
    const std::string challenge = to_base64url(Digest::of(as_bytes(pending->provider_verifier)).bytes());
    const char separator = endpoints->authorization.find('?') == std::string::npos ? '?' : '&';
    co_return redirect(fmt::format("{}{}response_type=code&client_id={}&redirect_uri={}&scope=openid%20profile%20email&state={}"
                                   "&nonce={}&code_challenge={}&code_challenge_method=S256",
                                   endpoints->authorization, separator, percent_encode(services.sign_in_provider->client_id),
                                   percent_encode(answer_address(context)), state, pending->provider_nonce, challenge));
}

// The id token that the provider gives for its code.
Task<Result<std::string>> fetch_id_token(const Services& services, const Context& context, const PendingSignIn& pending,
                                         std::string_view code) {
    auto endpoints = co_await discover(services, context);
    if (!endpoints) co_return failure(std::move(endpoints));
    const SignInProvider& provider = *services.sign_in_provider;
    outbound::CheckedRequest request;
    request.method = "POST";
    request.url = endpoints->token;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
    request.body = fmt::format("grant_type=authorization_code&code={}&redirect_uri={}&client_id={}&code_verifier={}",
                               percent_encode(code), percent_encode(answer_address(context)),
                               percent_encode(provider.client_id), percent_encode(pending.provider_verifier));
    if (!provider.client_secret.empty()) {
        request.body += fmt::format("&client_secret={}", percent_encode(provider.client_secret.reveal()));
    }
    request.redirects = 0;
    auto answer = co_await call(services, std::move(request));
    if (!answer) co_return provider_failed(context, answer.error().message);
    const auto json = parse_json(answer->body);
    const auto token = json ? find_string(*json, "id_token") : std::nullopt;
    if (answer->status != 200 || !token) {
        co_return provider_failed(context, fmt::format("its token endpoint: status {}", answer->status));
    }
    co_return std::string(*token);
}

// Whom an id token names, and what it says of their groups.
struct Vouched {
    identity::OutsidePerson person;
    const identity::TrustedIssuer* issuer;
    std::vector<std::string> groups;
};

// OpenID Connect Core 1.0, section 3.1.3.7.
Task<Result<Vouched>> read_id_token(const Services& services, const Context& context, const PendingSignIn& pending,
                                    std::string_view text) {
    const SignInProvider& provider = *services.sign_in_provider;
    auto token = Assertion::parse(text);
    if (!token) co_return provider_failed(context, token.error().message);
    if (token->issuer != provider.issuer) co_return provider_failed(context, "its id token is another issuer's");
    if (std::ranges::find(token->audiences, provider.client_id) == token->audiences.end()) {
        co_return provider_failed(context, "its id token is for another client");
    }
    const auto authorized = find_string(token->claims, "azp");
    if (authorized ? *authorized != provider.client_id : token->audiences.size() > 1) {
        co_return provider_failed(context, "its id token was made for another client");
    }
    if (!Secret(pending.provider_nonce).equals(find_string(token->claims, "nonce").value_or(""))) {
        co_return provider_failed(context, "its id token is of another sign-in");
    }
    if (auto holds = token->check_time(context.now(), longest_id_token); !holds) {
        co_return provider_failed(context, holds.error().message);
    }
    auto verified = co_await services.trusted_issuers.verify(*token);
    if (!verified) co_return provider_failed(context, verified.error().message);
    if (token->subject.empty() || token->subject.size() > longest_subject) {
        co_return provider_failed(context, "its id token names nobody");
    }
    const auto claim = [&](std::string_view name) { return std::string(find_string(token->claims, name).value_or("")); };
    std::string name = claim("preferred_username");
    if (name.empty()) name = claim("email");
    const auto* issuer = services.trusted_issuers.find(provider.issuer);
    if (issuer == nullptr) co_return provider_failed(context, "its issuer is not trusted");
    auto groups = identity::groups_in(token->claims, issuer->groups_claim);
    if (!groups) co_return provider_failed(context, groups.error().message);
    co_return Vouched{{provider.issuer, token->subject, std::move(name), claim("name")}, issuer, std::move(*groups)};
}

// Issuer and subject become a user of the directory when they come for the first time.
Task<Result<identity::VerifiedPrincipal>> user_for(const Services& services, const Context& context, const Vouched& vouched) {
    identity::OutsideGroups groups;
    auto take = [&](Session& session) -> Result<identity::OutsideUser> {
        // The provider is not asked again, so its word on groups counts as long as a browser stays signed in.
        auto linked =
            identity::linked_groups(session, *vouched.issuer, vouched.groups, context.now() + identity::session_lifetime);
        if (!linked) return failure(std::move(linked));
        groups = std::move(*linked);
        const identity::OutsidePerson& person = vouched.person;
        auto user = identity::find_or_make_user(session, context.world().tenant_id, person, context.now());
        if (!user || !user->is_new) return user;
        auto left = storage::append_event(
            session, context.now(),
            {.kind = "user.create",
             .registry = std::nullopt,
             .actor = user->id.value(),
             .detail = {{"id", user->id.value()}, {"issuer", person.issuer}, {"subject", person.subject}}});
        if (!left) return failure(std::move(left));
        return user;
    };
    auto taking = services.database.write(take);
    auto user = co_await std::move(taking);
    if (!user && user.error().code == ErrorCode::invalid_credentials) {
        co_return provider_failed(context, user.error().message);
    }
    if (!user) co_return failure(std::move(user));
    if (user->is_new) {
        auto refreshed = co_await services.tenancy.refresh();
        if (!refreshed) co_return failure(std::move(refreshed));
    }
    co_return identity::VerifiedPrincipal{user->id, std::string(identity::outside_account_secret), std::move(groups)};
}

Task<Result<Response>> take_provider_answer(const Services& services, Context& context) {
    if (services.sign_in_provider == nullptr) co_return failure(ErrorCode::not_found, "There is no other sign-in here.");
    const Parameters& query = context.query();
    auto pending = PendingSignIn::open(services, context, query.find("state").value_or(""));
    if (!pending) co_return failure(std::move(pending));
    if (pending->provider_verifier.empty()) {
        co_return failure(ErrorCode::bad_request, "This sign-in was not handed over to anybody. Sign in again.");
    }
    const auto code = query.find("code");
    const auto answering = query.find("iss"); // RFC 9207
    if (!code || code->empty() || (answering && *answering != services.sign_in_provider->issuer)) {
        co_return failure(ErrorCode::bad_request, "The other sign-in was not finished. Go back and sign in again.");
    }
    auto id_token = co_await fetch_id_token(services, context, *pending, *code);
    if (!id_token) co_return failure(std::move(id_token));
    auto vouched = co_await read_id_token(services, context, *pending, *id_token);
    if (!vouched) co_return failure(std::move(vouched));
    auto user = co_await user_for(services, context, *vouched);
    if (!user) co_return failure(std::move(user));
    const auto world = services.tenancy.world();
    const SignedIn now{*user, world, world->find_principal(user->id)};
    if (now.principal == nullptr || !now.principal->enabled) {
        co_return failure(ErrorCode::forbidden,
                          "This account is disabled here. An administrator of the directory can enable it.");
    }
    auto session = co_await start_browser_session(services, context, *user);
    if (!session) co_return failure(std::move(session));
    pending->provider_nonce.clear();
    pending->provider_verifier.clear();
    auto response = co_await finish(services, context, *pending, now);
    if (response) set_cookie(*response, context, Cookie::session, session->reveal());
    co_return response;
}

} // namespace

std::vector<Route> provider_routes(const Services& services) {
    constexpr std::string_view why = "a step of the sign-in page, good only in the browser that it was made for";
    return {page_route(services, "signin.provider", http::Method::get, "/signin/provider", hand_over, why,
                       "Hands the person over to an outside provider"),
            page_route(services, "signin.provider.answer", http::Method::get, "/signin/provider/answer", take_provider_answer,
                       why, "Takes the person back from there")};
}

} // namespace berth::sign_in
