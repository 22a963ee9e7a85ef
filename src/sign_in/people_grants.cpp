#include "base/strict_json.hpp"
#include "identity/device_codes.hpp"
#include "sign_in/client_authentication.hpp"
#include "sign_in/client_registration.hpp"
#include "sign_in/entra_error.hpp"
#include "sign_in/grants.hpp"
#include "sign_in/person_password.hpp"
#include "sign_in/person_tokens.hpp"

#include <boost/json/serialize.hpp>

#include <fmt/format.h>

namespace berth::sign_in {
namespace {

using gateway::Context;
using gateway::Services;
using http::Response;
using identity::Delegation;
using identity::Redeemed;
using identity::Refused;
using storage::Session;

// What a client kept with a code, to make tokens of.
struct KeptAccess {
    RequestedAccess access;
    std::string nonce;

    static Result<KeptAccess> parse(std::string_view text) {
        auto json = parse_json(text);
        if (!json) return failure(std::move(json));
        auto access = RequestedAccess::from_json(*json);
        if (!access) return failure(ErrorCode::internal, "What a code was made for cannot be read.");
        return KeptAccess{std::move(*access), std::string(find_string(*json, "nonce").value_or(""))};
    }
};

std::unexpected<Error> refusal(Refused why, std::string_view what) {
    switch (why) {
    case Refused::unknown: return invalid_grant(70000, fmt::format("The provided {} is not valid.", what));
    case Refused::expired: return invalid_grant(70008, fmt::format("The provided {} has expired. Sign in again.", what));
    case Refused::used:
        return invalid_grant(54005, fmt::format("The {} was already redeemed. Everything that hung on it has ended: sign in "
                                                "again, and find out who else has it.",
                                                what));
    case Refused::another_client:
        return invalid_grant(700009, fmt::format("The {} was given to another client than the one that sent it.", what));
    case Refused::another_address:
        return invalid_grant(50011, "The 'redirect_uri' is not the one that the code was asked for with.");
    case Refused::wrong_verifier:
        return invalid_grant(501481, "The Code_Verifier does not match the code_challenge supplied in the authorization "
                                     "request.");
    case Refused::pending:
        return entra_failure(ErrorCode::invalid_parameter, "authorization_pending", 70016,
                             "OAuth 2.0 device flow error. Authorization is pending. Continue polling.");
    case Refused::unproved:
        return entra_failure(ErrorCode::invalid_credentials, "invalid_client", 7000218,
                             "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.");
    case Refused::declined:
        return entra_failure(ErrorCode::invalid_parameter, "authorization_declined", 70018, "The person declined.");
    }
    return failure(ErrorCode::internal, "");
}

bool proves_itself(const TokenRequest& request) { return !request.client_secret.empty() || !request.client_assertion.empty(); }

// A client that was on the web when it asked has to prove itself; another one may, and then has to be right.
Task<Result<void>> check_client(const Services& services, Context& context, const TokenRequest& request, bool confidential) {
    if (!proves_itself(request)) {
        if (!confidential) co_return Result<void>();
        co_return refusal(Refused::unproved, {});
    }
    auto client = co_await authenticate_client(services, context, request);
    if (!client) co_return failure(std::move(client));
    co_return Result<void>();
}

storage::Event event_of(const Context& context, std::string kind, const Guid& person, std::string_view client_id) {
    return {.kind = std::move(kind),
            .registry = std::nullopt,
            .actor = person.value(),
            .detail = {{"clientId", client_id}, {"address", context.request().remote_address}}};
}

// Of what a closure answered: an event beside it, in the same transaction.
template <class Value>
Result<std::variant<Value, Refused>> with_event(Session& session, const Context& context, std::string_view client_id,
                                                Result<std::variant<Value, Refused>> answer) {
    if (!answer) return answer;
    if (const auto* redeemed = std::get_if<Redeemed>(&*answer)) {
        auto left = storage::append_event(session, context.now(),
                                          event_of(context, "signIn.tokens", redeemed->delegation.person.id, client_id));
        if (!left) return failure(std::move(left));
    } else if (std::get<Refused>(*answer) == Refused::used) {
        auto left = storage::append_event(
            session, context.now(),
            {.kind = "signIn.codeReused", .registry = std::nullopt, .actor = "anonymous", .detail = {{"clientId", client_id}}});
        if (!left) return failure(std::move(left));
    }
    return answer;
}

Task<Result<Response>> answer_redeemed(const Services& services, Context& context, const TokenRequest& request,
                                       const std::variant<Redeemed, Refused>& answer, std::string_view what) {
    if (const auto* refused = std::get_if<Refused>(&answer)) co_return refusal(*refused, what);
    const auto& redeemed = std::get<Redeemed>(answer);
    const auto kept = KeptAccess::parse(redeemed.access);
    if (!kept) co_return std::unexpected(kept.error());
    auto response = co_await answer_for_person(services, context, request, redeemed.delegation, kept->access, kept->nonce,
                                               kept->access.offline_access);
    co_return response;
}

} // namespace

std::string kept_access(const RequestedAccess& access, std::string_view nonce) {
    auto json = access.to_json();
    json["nonce"] = nonce;
    return boost::json::serialize(json);
}

Task<Result<Response>> grant_authorization_code(const Services& services, Context& context, const TokenRequest& request) {
    const auto code = request.require("code");
    if (!code) co_return std::unexpected(code.error());
    const auto verifier = request.require("code_verifier");
    if (!verifier) co_return std::unexpected(verifier.error());
    const auto redirect_uri = request.require("redirect_uri");
    if (!redirect_uri) co_return std::unexpected(redirect_uri.error());
    auto client = co_await find_client(services, context, request.client_id);
    if (!client) co_return failure(std::move(client));
    const bool confidential = client->redirect_kind(*redirect_uri) == RedirectKind::web;
    auto checked = co_await check_client(services, context, request, confidential);
    if (!checked) co_return failure(std::move(checked));
    auto redeem = [&](Session& session) {
        return with_event(session, context, client->id,
                          identity::redeem_code(session, *code, client->id, *redirect_uri, *verifier, context.now()));
    };
    auto redeeming = services.database.write(redeem);
    auto answer = co_await std::move(redeeming);
    if (!answer) co_return failure(std::move(answer));
    auto response = co_await answer_redeemed(services, context, request, *answer, "authorization code");
    co_return response;
}

Task<Result<Response>> grant_device_code(const Services& services, Context& context, const TokenRequest& request) {
    // Entra's older clients call it `code`.
    const std::string_view named = request.find("device_code");
    const auto code = named.empty() ? request.require("code") : Result<std::string_view>(named);
    if (!code) co_return std::unexpected(code.error());
    auto client = co_await find_client(services, context, request.client_id);
    if (!client) co_return failure(std::move(client));
    auto checked = co_await check_client(services, context, request, false);
    if (!checked) co_return failure(std::move(checked));
    auto redeem = [&](Session& session) {
        return with_event(session, context, client->id,
                          identity::redeem_device_code(session, *code, client->id, context.now()));
    };
    auto redeeming = services.database.write(redeem);
    auto answer = co_await std::move(redeeming);
    if (!answer) co_return failure(std::move(answer));
    const auto* refused = std::get_if<Refused>(&*answer);
    if (refused != nullptr && *refused == Refused::expired) { // RFC 8628 section 3.5
        co_return entra_failure(ErrorCode::invalid_parameter, "expired_token", 70019,
                                "The device code has expired. Sign in again.");
    }
    auto response = co_await answer_redeemed(services, context, request, *answer, "device code");
    co_return response;
}

Task<Result<Response>> grant_refresh_token(const Services& services, Context& context, const TokenRequest& request) {
    const auto token = request.require("refresh_token");
    if (!token) co_return std::unexpected(token.error());
    constexpr std::string_view all_of_sign_in = "openid profile offline_access";
    const bool names_something = !request.find("scope").empty() || !request.find("resource").empty();
    const auto access = names_something ? RequestedAccess::parse(request.form, request.find("scope"), request.find("resource"))
                                        : RequestedAccess::parse(TokenForm::v2, all_of_sign_in, {});
    if (!access) co_return std::unexpected(access.error());
    if (auto known = check_resource(services, context, access->resource); !known) co_return failure(std::move(known));
    auto client = co_await find_client(services, context, request.client_id);
    if (!client) co_return failure(std::move(client));
    auto checked = co_await check_client(services, context, request, false);
    if (!checked) co_return failure(std::move(checked));
    const bool proved = proves_itself(request);
    auto use = [&](Session& session) -> Result<std::variant<Delegation, Refused>> {
        auto answer = identity::use_refresh_token(session, *token, client->id, context.now(), proved);
        if (answer && std::holds_alternative<Refused>(*answer) && std::get<Refused>(*answer) == Refused::used) {
            auto left =
                storage::append_event(session, context.now(),
                                      {.kind = "signIn.refreshTokenReused",
                                       .registry = std::nullopt,
                                       .actor = "anonymous",
                                       .detail = {{"clientId", client->id}, {"address", context.request().remote_address}}});
            if (!left) return failure(std::move(left));
        }
        return answer;
    };
    auto using_it = services.database.write(use);
    auto answer = co_await std::move(using_it);
    if (!answer) co_return failure(std::move(answer));
    if (const auto* refused = std::get_if<Refused>(&*answer)) co_return refusal(*refused, "refresh token");
    const auto& delegation = std::get<Delegation>(*answer);
    auto response = co_await answer_for_person(services, context, request, delegation, *access, {}, true);
    co_return response;
}

Task<Result<Response>> grant_password(const Services& services, Context& context, const TokenRequest& request) {
    const auto name = request.require("username");
    if (!name) co_return std::unexpected(name.error());
    const auto password = request.require("password");
    if (!password) co_return std::unexpected(password.error());
    const auto access = RequestedAccess::parse(request.form, request.find("scope"), request.find("resource"));
    if (!access) co_return std::unexpected(access.error());
    if (auto known = check_resource(services, context, access->resource); !known) co_return failure(std::move(known));
    auto client = co_await find_client(services, context, request.client_id);
    if (!client) co_return failure(std::move(client));
    auto checked = co_await check_client(services, context, request, !client->public_flows);
    if (!checked) co_return failure(std::move(checked));
    auto person = co_await verify_person(services, context, *name, *password);
    if (!person) co_return failure(std::move(person));
    const bool confidential = proves_itself(request);
    auto make = [&](Session& session) -> Result<Delegation> {
        auto delegation =
            identity::delegate(session, *person, client->id, confidential, identity::code_lifetime, context.now());
        if (!delegation) return delegation;
        auto left = storage::append_event(session, context.now(), event_of(context, "signIn.tokens", person->id, client->id));
        if (!left) return failure(std::move(left));
        return delegation;
    };
    auto making = services.database.write(make);
    auto delegation = co_await std::move(making);
    if (!delegation) co_return failure(std::move(delegation));
    auto response = co_await answer_for_person(services, context, request, *delegation, *access, {}, access->offline_access);
    co_return response;
}

} // namespace berth::sign_in
