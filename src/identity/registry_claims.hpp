#pragma once

#include "identity/caller.hpp"
#include "tenant/world.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::identity {

enum class RegistryTokenKind : std::uint8_t { refresh, access };
/// `refresh_token` or `access_token`: the claim `grant_type`.
std::string_view to_string(RegistryTokenKind kind) noexcept;

/// What a registry token says that berth goes by. Everything else in it is for clients to read.
struct RegistryClaims {
    RegistryTokenKind kind = RegistryTokenKind::refresh;
    CallerKind caller = CallerKind::anonymous;
    std::optional<Guid> principal; ///< set exactly for `CallerKind::principal`
    std::optional<Guid> token;     ///< set exactly for `CallerKind::repository_token`
    std::string secret;            ///< `Caller::secret`
    std::string registry_id;       ///< `rid`: the registry's id, 32 digits
    std::string audience;
    tenant::RoleAssignmentMode mode = tenant::RoleAssignmentMode::registry_permissions;
    std::int64_t mode_epoch = 0; ///< `Registry::mode_epoch` when it was issued
    std::int64_t not_before = 0; ///< seconds since 1970
    std::int64_t expires = 0;
    std::vector<TokenScope> asked;  ///< of access tokens
    OutsideGroups outside_groups{}; ///< `Caller::outside_groups`; of principals only

    /// `invalid_credentials` if a claim that berth writes is missing or of another type. The claim `access` is not
    /// read.
    static Result<RegistryClaims> parse(const boost::json::object& json);
};

inline constexpr std::string_view registry_token_issuer = "Azure Container Registry";
/// The claim `sub` of anonymous tokens.
inline constexpr std::string_view anonymous_subject = "acr_anon_pull";

/// How berth writes its own claims: who calls, under which permissions, what was asked for.
std::string_view to_claim(CallerKind kind) noexcept;
std::string_view to_claim(tenant::RoleAssignmentMode mode) noexcept;
/// `[{"type":…,"name":…,"actions":[…]}]`
boost::json::array to_claim(const std::vector<TokenScope>& scopes);

/// The words of a refresh token's `permissions.actions`: what the caller's roles grant on the registry at this moment.
/// Clients read them; nothing is decided by them.
boost::json::array permission_words(const tenant::World& world, const tenant::Registry& registry, const Caller& caller);

} // namespace berth::identity
