#include "gateway/authentication.hpp"

#include "base/encoding.hpp"

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
                                                     std::string_view password) {
    if (user == null_guid) {
        auto caller = services.registry_tokens.verify_refresh(world, registry, password);
        if (!caller) caller = services.registry_tokens.verify_access(world, registry, password);
        co_return caller;
    }
    if (equals_ignoring_case(user, registry.name)) {
        auto verified = co_await services.credentials.verify_admin_user(registry, user, password);
        if (!verified) co_return failure(std::move(verified));
        identity::Caller caller;
        caller.kind = identity::CallerKind::admin_user;
        caller.name = registry.name;
        caller.registry = registry.id;
        co_return caller;
    }
    auto verified = co_await services.credentials.verify_principal(world, user, password);
    if (!verified) co_return failure(std::move(verified));
    const auto* principal = world.find_principal(*verified);
    if (principal == nullptr) co_return failure(ErrorCode::invalid_credentials, "The credentials are not valid.");
    co_return caller_for(*principal);
}

} // namespace berth::gateway
