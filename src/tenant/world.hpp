#pragma once

#include "base/guid.hpp"
#include "base/time.hpp"
#include "rbac/policy.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
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
    bool global_administrator = false; ///< the one directory role of this version
};

/// Which permissions decide on the data plane of a registry (ARM: `properties.roleAssignmentMode`).
enum class RoleAssignmentMode : std::uint8_t {
    registry_permissions,   ///< `LegacyRegistryPermissions`
    repository_permissions, ///< `AbacRepositoryPermissions`
};

/// A registry with what every request to it needs to know.
struct Registry {
    std::int64_t row = 0; ///< `resources.id`: what its content hangs on
    Guid id;              ///< immutable; `rid` of its tokens
    std::string name;
    std::string login_server; ///< lower case, with the port where it is not the default one
    rbac::Scope scope;
    Guid subscription;
    RoleAssignmentMode mode = RoleAssignmentMode::registry_permissions;
    bool admin_user_enabled = false;
    bool anonymous_pull_enabled = false;
    bool arm_tokens_accepted = true; ///< policy `azureADAuthenticationAsArmPolicy`
};

struct Subscription {
    Guid id;
    std::string display_name;
};

/// Everything about who and what exists that a decision needs, at one version: immutable, shared freely between
/// threads. A request takes it once and uses it to its end.
class World {
public:
    std::uint64_t version = 0;
    Guid tenant_id;
    std::string tenant_name;
    std::vector<Subscription> subscriptions;
    std::shared_ptr<const rbac::Policy> policy;

    /// The registry of a Host header: by login server, then by its host name without port, else the first registry;
    /// nullptr only when there is none.
    const Registry* registry_for_host(std::string_view host) const noexcept;
    const Registry* find_registry(const Guid& id) const noexcept;
    const Registry* find_registry_by_row(std::int64_t row) const noexcept;
    /// By ARM scope, without regard to case.
    const Registry* find_registry(const rbac::Scope& scope) const noexcept;
    std::span<const Registry> registries() const noexcept { return registries_; }

    const Principal* find_principal(const Guid& id) const noexcept;
    const Principal* find_principal_by_application(const Guid& application_id) const noexcept;
    /// Without regard to case.
    const Principal* find_user(std::string_view user_principal_name) const noexcept;
    std::span<const Principal> principals() const noexcept { return principals_; }
    /// Without regard to case.
    const Subscription* find_subscription(std::string_view id) const noexcept;

    /// For `Tenancy` and tests.
    World(std::uint64_t version, Guid tenant_id, std::string tenant_name, std::vector<Subscription> subscriptions,
          std::vector<Registry> registries, std::vector<Principal> principals, std::shared_ptr<const rbac::Policy> policy);

private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };
    using TextIndex = std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>>;

    std::vector<Registry> registries_;
    std::vector<Principal> principals_;
    TextIndex by_host_; // login server, and host name without port
    TextIndex by_scope_;
    TextIndex by_user_name_; // lower case
    std::unordered_map<Guid, std::size_t> by_registry_;
    std::unordered_map<std::int64_t, std::size_t> by_row_;
    std::unordered_map<Guid, std::size_t> by_principal_;
    std::unordered_map<Guid, std::size_t> by_application_;
};

} // namespace berth::tenant
