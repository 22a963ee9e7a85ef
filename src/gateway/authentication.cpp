#include "gateway/authentication.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

namespace berth::gateway {
namespace {

constexpr std::string_view null_guid = "00000000-0000-0000-0000-000000000000";

std::string_view after_scheme(std::string_view authorization, std::string_view scheme) noexcept {
    if (!starts_with_ignoring_case(authorization, scheme) || authorization.size() <= scheme.size() ||
        authorization[scheme.size()] != ' ') {
        return {};
    }
    authorization.remove_prefix(scheme.size());
    while (authorization.starts_with(' ')) authorization.remove_prefix(1);
    return authorization;
}

} // namespace

Result<std::optional<BasicCredentials>> parse_basic(std::string_view authorization) {
    const std::string_view encoded = after_scheme(authorization, "Basic");
    if (encoded.empty()) return std::nullopt;
    const auto decoded = from_base64(encoded);
    const std::string_view text = decoded ? as_text(*decoded) : std::string_view();
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || text.find('\0') != std::string_view::npos) {
        return failure(ErrorCode::invalid_credentials, "The Basic credentials are not base64 of 'user:password'.");
    }
    return BasicCredentials{std::string(text.substr(0, colon)), Secret(std::string(text.substr(colon + 1)))};
}

std::optional<std::string_view> parse_bearer(std::string_view authorization) noexcept {
    const std::string_view token = after_scheme(authorization, "Bearer");
    if (token.empty()) return std::nullopt;
    return token;
}

identity::Caller caller_for(const tenant::Principal& principal) {
    identity::Caller caller;
    caller.kind = identity::CallerKind::principal;
    caller.principal = principal.id;
    caller.name = principal.application_id        ? principal.application_id->value()
                  : principal.user_principal_name ? *principal.user_principal_name
                                                  : principal.display_name;
    return caller;
}

Task<Result<identity::Caller>> authenticate_password(const Services& services, const tenant::World& world,
                                                     const tenant::Registry& registry, std::string_view user,
                                                     std::string_view password, std::string_view address) {
    if (user == null_guid) {
        auto named = services.registry_tokens.verify_either(world, registry, password);
        if (!named) {
            co_return failure(ErrorCode::invalid_credentials,
                              fmt::format("The user '{}' stands for a token: its password has to be a refresh token of this "
                                          "registry, such as 'az acr login --expose-token' shows. {}",
                                          null_guid, named.error().message));
        }
        auto caller = co_await with_living_secret(services, world, std::move(named));
        co_return caller;
    }
    // A name that is no GUID may be a repository token's. GUIDs are client ids, whatever a token is called.
    const auto* token = Guid::parse(user) ? nullptr : world.find_token(registry, user);
    if (equals_ignoring_case(user, registry.name)) {
        auto verified = co_await services.credentials.verify_admin_user(registry, user, password);
        if (verified) {
            identity::Caller caller;
            caller.kind = identity::CallerKind::admin_user;
            caller.name = registry.name;
            caller.registry = registry.id;
            caller.secret = std::move(*verified);
            co_return caller;
        }
        if (token == nullptr || verified.error().code != ErrorCode::invalid_credentials) co_return failure(std::move(verified));
    }
    if (token != nullptr) {
        auto verified = co_await services.credentials.verify_repository_token(*token, password);
        if (!verified) co_return failure(std::move(verified));
        identity::Caller caller;
        caller.kind = identity::CallerKind::repository_token;
        caller.name = token->name;
        caller.registry = registry.id;
        caller.token = token->id;
        caller.secret = std::move(*verified);
        co_return caller;
    }
    auto verified = co_await services.credentials.verify_principal(world, user, password, address);
    if (!verified) co_return failure(std::move(verified));
    const auto* principal = world.find_principal(verified->id);
    if (principal == nullptr || principal->managed_resource) {
        co_return failure(ErrorCode::invalid_credentials, "The name or the secret is wrong, or the secret has expired.");
    }
    auto caller = caller_for(*principal);
    caller.secret = std::move(verified->secret);
    co_return caller;
}

Task<Result<identity::Caller>> with_living_secret(const Services& services, const tenant::World& world,
                                                  Result<identity::Caller> caller) {
    if (!caller) co_return caller;
    auto checked = co_await services.credentials.check_secret(world, *caller);
    if (!checked) co_return failure(std::move(checked));
    co_return caller;
}

} // namespace berth::gateway
