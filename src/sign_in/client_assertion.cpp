#include "sign_in/client_assertion.hpp"

#include "base/guid.hpp"
#include "identity/assertion.hpp"
#include "identity/certificate.hpp"
#include "identity/group_claim.hpp"
#include "sign_in/entra_error.hpp"
#include "tenant/federated_credential_store.hpp"
#include "tenant/key_credential_store.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::sign_in {
namespace {

using gateway::Context;
using gateway::Services;
using identity::Assertion;
using storage::Session;
using tenant::KeyCredential;

// Clients make one for ten minutes and use it for every token they need meanwhile, so one use each is not to be asked for:
// what bounds a replay is this.
constexpr std::chrono::seconds longest_life = std::chrono::hours(1);

std::unexpected<Error> refused(std::int64_t number, std::string_view message) {
    return entra_failure(ErrorCode::invalid_credentials, "invalid_client", number, message);
}

std::string thumbprint_in(const Assertion& assertion) {
    std::string text = to_hex(assertion.sha1.empty() ? assertion.sha256 : assertion.sha1);
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
    return text;
}

// The same words for an unknown client and for a certificate that it does not have.
std::unexpected<Error> no_such_key(const Assertion& assertion, std::string_view client_id) {
    return refused(700027, fmt::format("The certificate with identifier used to sign the client assertion is not registered on "
                                       "application. [Reason - The key was not found., Thumbprint of key used by client: '{}', "
                                       "application '{}'] Add the certificate with 'az ad app credential reset --cert'.",
                                       thumbprint_in(assertion), client_id));
}

std::string_view without_port(std::string_view host) {
    const std::size_t colon = host.rfind(':');
    return colon == std::string_view::npos || host.ends_with(']') ? host : host.substr(0, colon);
}

// Whether the address that was asked is this server's. An assertion is for who its audience names: whoever was sent one for
// themselves could else pass it on here, with their own name in the Host header.
bool is_asked_by_its_name(const Services& services, const Context& context) {
    if (services.directory_tokens.is_own_address(context.world(), context.base_address())) return true;
    const std::string_view host = without_port(context.request().host);
    return std::ranges::any_of(context.world().registries(), [&](const tenant::Registry& registry) {
        return equals_ignoring_case(without_port(registry.login_server), host);
    });
}

bool names(const Assertion& assertion, const identity::Certificate& certificate) {
    if (!assertion.sha1.empty() && assertion.sha1 != certificate.sha1) return false;
    if (!assertion.sha256.empty() && assertion.sha256 != certificate.sha256) return false;
    return !assertion.leaf || *assertion.leaf == certificate.der;
}

Task<Result<AuthenticatedClient>> by_certificate(const Services& services, const Context& context, const Assertion& assertion,
                                                 const Guid& client_id) {
    if (assertion.sha1.empty() && assertion.sha256.empty()) {
        co_return refused(700027, "Client assertion contains no thumbprint: its header must name the certificate by 'x5t' or "
                                  "'x5t#S256'.");
    }
    const tenant::World& world = context.world();
    const auto* principal = world.find_principal_by_application(client_id);
    const Guid id = principal != nullptr ? principal->id : Guid::random();
    const auto read = [&](Session& session) { return tenant::valid_key_credentials(session, id, context.now()); };
    auto reading = services.database.read(storage::ReadKind::point, read);
    auto stored = co_await std::move(reading);
    if (!stored) co_return failure(std::move(stored));
    for (const KeyCredential& one : *stored) {
        const auto certificate = identity::Certificate::parse(one.certificate);
        if (!certificate || !names(assertion, *certificate)) continue;
        if (!certificate->key.verify(assertion.token, assertion.algorithm)) {
            co_return refused(700027,
                              fmt::format("Client assertion contains an invalid signature. [Reason - The key was found, "
                                          "but use of the key to verify the signature failed., Thumbprint of key used "
                                          "by client: '{}']",
                                          thumbprint_in(assertion)));
        }
        if (auto held = assertion.check_time(context.now(), longest_life); !held) {
            co_return refused(700024,
                              fmt::format("Client assertion is not within its valid time range. {}", held.error().message));
        }
        if (!is_asked_by_its_name(services, context)) {
            co_return refused(700023,
                              fmt::format("Client assertion audience claim does not match Realm issuer: berth does not know "
                                          "'{}' as an address of its own. Sign in at one that it knows, or name this one "
                                          "with --domain or --external-url.",
                                          context.base_address()));
        }
        const auto audiences = assertion_audiences(context.base_address(), world.tenant_id.value(), world.tenant_name);
        if (std::ranges::none_of(audiences, [&](const std::string& one_of) { return assertion.is_for(one_of); })) {
            co_return refused(700023, fmt::format("Client assertion audience claim does not match Realm issuer: it must be the "
                                                  "token endpoint, '{}'.",
                                                  audiences.front()));
        }
        if (!principal->enabled) {
            co_return refused(7000112, fmt::format("Application '{}' is disabled.", client_id.value()));
        }
        co_return AuthenticatedClient{principal, one.key_id.value()};
    }
    co_return no_such_key(assertion, client_id.value());
}

// A token of an outside issuer. Nothing is said about what the directory holds until its signature is known to be right.
Task<Result<AuthenticatedClient>> by_federation(const Services& services, const Context& context, const Assertion& assertion,
                                                const Guid& client_id) {
    const auto* issuer = services.trusted_issuers.find(assertion.issuer);
    if (issuer == nullptr) {
        co_return refused(700211,
                          fmt::format("No matching federated identity record found for presented assertion issuer '{}'. "
                                      "This berth does not trust it: --trusted-issuer makes it.",
                                      assertion.issuer));
    }
    auto verified = co_await services.trusted_issuers.verify(assertion);
    if (!verified && verified.error().code != ErrorCode::invalid_credentials) co_return failure(std::move(verified));
    if (!verified) co_return refused(50027, fmt::format("JWT token is invalid or malformed. {}", verified.error().message));

    const auto* principal = context.world().find_principal_by_application(client_id);
    const Guid id = principal != nullptr ? principal->id : Guid::random();
    auto groups = identity::groups_in(assertion.claims, issuer->groups_claim);
    if (!groups) co_return refused(50027, groups.error().message);
    Result<identity::OutsideGroups> linked;
    const auto read = [&](Session& session) {
        linked = identity::linked_groups(session, *issuer, *groups, assertion.expires_at);
        return tenant::federated_credentials_of(session, id, assertion.issuer, assertion.subject);
    };
    auto reading = services.database.read(storage::ReadKind::point, read);
    auto credentials = co_await std::move(reading);
    if (!credentials) co_return failure(std::move(credentials));
    if (credentials->empty()) {
        co_return refused(700213,
                          fmt::format("No matching federated identity record found for presented assertion subject '{}' "
                                      "of the issuer '{}' on the application '{}'. Both must be in a federated "
                                      "credential of it, exactly as they are here.",
                                      assertion.subject, assertion.issuer, client_id.value()));
    }
    for (const auto& credential : *credentials) {
        if (std::ranges::none_of(credential.audiences, [&](const std::string& one) { return assertion.is_for(one); })) continue;
        if (!principal->enabled) {
            co_return refused(7000112, fmt::format("Application '{}' is disabled.", client_id.value()));
        }
        if (!linked && linked.error().code != ErrorCode::invalid_credentials) co_return failure(std::move(linked));
        if (!linked) co_return refused(50027, linked.error().message);
        co_return AuthenticatedClient{principal, tenant::federated_secret(credential), std::move(*linked)};
    }
    co_return refused(700212,
                      fmt::format("No matching federated identity record found for presented assertion audience '{}'. "
                                  "The federated credential '{}' wants '{}'.",
                                  assertion.audiences.front(), credentials->front().name,
                                  credentials->front().audiences.empty() ? "" : credentials->front().audiences.front()));
}

} // namespace

std::vector<std::string> assertion_audiences(std::string_view base_address, std::string_view tenant_id,
                                             std::string_view tenant_name) {
    std::vector<std::string> out;
    for (const std::string_view tenant :
         {tenant_id, tenant_name, std::string_view("common"), std::string_view("organizations")}) {
        for (const std::string_view form : {"oauth2/v2.0/token", "oauth2/token", "v2.0", ""}) {
            out.push_back(fmt::format("{}/{}/{}", base_address, tenant, form));
        }
    }
    for (const std::string_view form : {"adfs/oauth2/token", "adfs"}) out.push_back(fmt::format("{}/{}", base_address, form));
    return out;
}

Task<Result<AuthenticatedClient>> authenticate_by_assertion(const Services& services, const Context& context,
                                                            const TokenRequest& request) {
    if (request.find("client_assertion_type") != jwt_bearer) {
        co_return refused(900144, fmt::format("'client_assertion_type' must be '{}'.", jwt_bearer));
    }
    auto assertion = Assertion::parse(request.client_assertion);
    if (!assertion) co_return refused(50027, fmt::format("JWT token is invalid or malformed. {}", assertion.error().message));
    const auto client_id = Guid::parse(request.client_id);
    if (!client_id)
        co_return refused(700016, fmt::format("Application with identifier '{}' was not found.", request.client_id));
    if (assertion->issuer == assertion->subject) {
        if (!equals_ignoring_case(assertion->subject, client_id->value())) {
            co_return refused(700021, "Client assertion application identifier doesn't match 'client_id' parameter.");
        }
        auto client = co_await by_certificate(services, context, *assertion, *client_id);
        co_return client;
    }
    auto client = co_await by_federation(services, context, *assertion, *client_id);
    co_return client;
}

} // namespace berth::sign_in
