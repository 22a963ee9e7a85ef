#pragma once

#include "base/guid.hpp"
#include "rbac/attributes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::tenant {

enum class PrincipalKind : std::uint8_t { user, group, service_principal };
/// `User`, `Group`, `ServicePrincipal`, as ARM writes `principalType`.
std::string_view to_string(PrincipalKind kind) noexcept;
/// The same back, in exactly that spelling.
std::optional<PrincipalKind> parse_principal_kind(std::string_view text) noexcept;

/// Someone or something that can hold a role: identified by its object id for ever, by names only for people.
struct Principal {
    Guid id; ///< object id
    PrincipalKind kind = PrincipalKind::service_principal;
    std::string display_name;
    std::optional<Guid> application_id; ///< of a service principal: the client id it signs in with
    std::optional<std::string> user_principal_name;
    bool enabled = true;
    bool global_administrator = false;                          ///< the one directory role of this version
    std::vector<rbac::SecurityAttribute> security_attributes{}; ///< sorted by name; what conditions see as `@Principal`
    /// Of a managed identity: the ARM id of the resource whose identity it is, as written there. Nobody signs in as one with a
    /// secret or a certificate.
    std::optional<std::string> managed_resource{};
    bool operator==(const Principal&) const = default;
};

} // namespace berth::tenant
