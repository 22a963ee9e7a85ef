#include "gateway/outside_tokens.hpp"

#include "base/strict_json.hpp"
#include "gateway/authentication.hpp"
#include "identity/assertion.hpp"
#include "identity/group_claim.hpp"
#include "tenant/federated_credential_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace berth::gateway {
namespace {

using identity::Assertion;
using identity::Caller;
using tenant::FederatedPrincipal;

std::unexpected<Error> refused(std::string message) {
    Error error{ErrorCode::invalid_credentials, std::move(message)};
    error.protocol_code = "InvalidAuthenticationToken";
    return std::unexpected(std::move(error));
}

bool shares(const Assertion& assertion, const std::vector<std::string>& audiences) {
    return std::ranges::any_of(audiences, [&](const std::string& one) { return assertion.is_for(one); });
}

// Of several audiences of the token the one counts that an application's credential has, and has had for the longest time.
Result<std::optional<FederatedPrincipal>> whose_token(storage::Session& session, const Assertion& assertion,
                                                      const identity::TrustedIssuer& issuer, std::string_view subject) {
    std::optional<FederatedPrincipal> out;
    for (const std::string& audience : issuer.audiences) {
        if (!assertion.is_for(audience)) continue;
        auto found = tenant::principal_federated_with(session, issuer.issuer, subject, audience);
        if (!found) return found;
        const auto rank = [](const FederatedPrincipal& one) { return std::pair(!one.of_application, one.credential.since); };
        if (*found && (!out || rank(**found) < rank(*out))) out = std::move(*found);
    }
    return out;
}

} // namespace

Task<Result<std::optional<Caller>>> verify_outside_token(const Services& services, const tenant::World& world,
                                                         std::string_view token) {
    if (!services.trusted_issuers.takes_tokens()) co_return std::optional<Caller>();
    const auto assertion = Assertion::parse(token);
    const auto* issuer = assertion ? services.trusted_issuers.find(assertion->issuer) : nullptr;
    if (issuer == nullptr || issuer->audiences.empty()) co_return std::optional<Caller>();

    auto verified = co_await services.trusted_issuers.verify(*assertion);
    if (!verified && verified.error().code != ErrorCode::invalid_credentials) co_return failure(std::move(verified));
    if (!verified) co_return refused(fmt::format("The access token is invalid. {}", verified.error().message));
    if (!shares(*assertion, issuer->audiences)) {
        co_return refused(fmt::format("The access token was made for '{}'; of the issuer '{}' berth takes tokens for '{}'.",
                                      assertion->audiences.front(), issuer->issuer, issuer->audiences.front()));
    }
    const auto subject = find_string(assertion->claims, issuer->subject_claim);
    if (!subject || subject->empty()) {
        co_return refused(fmt::format("The access token lacks the claim '{}', which says whose it is.", issuer->subject_claim));
    }
    const auto groups = identity::groups_in(assertion->claims, issuer->groups_claim);
    if (!groups) co_return refused(groups.error().message);
    Result<identity::OutsideGroups> linked;
    const auto read = [&](storage::Session& session) {
        linked = identity::linked_groups(session, *issuer, *groups, assertion->expires_at);
        return whose_token(session, *assertion, *issuer, *subject);
    };
    auto reading = services.database.read(storage::ReadKind::point, read);
    auto found = co_await std::move(reading);
    if (!found) co_return failure(std::move(found));
    if (!linked && linked.error().code != ErrorCode::invalid_credentials) co_return failure(std::move(linked));
    if (!linked) co_return refused(linked.error().message);
    if (!*found) {
        co_return refused(
            fmt::format("The access token is one of '{}' at '{}', and no federated credential has that subject and audience: "
                        "add one to the application or identity that it stands for.",
                        *subject, issuer->issuer));
    }
    const auto* principal = world.find_principal((*found)->principal);
    if (principal == nullptr || !principal->enabled) {
        co_return refused("The access token is invalid: its identity is deleted or disabled.");
    }
    Caller caller = caller_for(*principal);
    caller.secret = tenant::federated_secret((*found)->credential);
    caller.until = assertion->expires_at;
    caller.outside_groups = std::move(*linked);
    co_return std::optional(std::move(caller));
}

} // namespace berth::gateway
