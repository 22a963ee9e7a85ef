#pragma once

#include "base/guid.hpp"
#include "rbac/policy.hpp"
#include "tenant/management_group.hpp"
#include "tenant/principal_table.hpp"
#include "tenant/registry_table.hpp"
#include "tenant/resource_lock.hpp"
#include "tenant/token_table.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::tenant {

/// What a world is made of. The parts are shared with the worlds before and after that hold the same.
struct WorldParts {
    /// Up to which row of `world_changes` the parts hold everything; -1 when they were not read from rows.
    std::int64_t sequence = -1;
    Guid tenant_id;
    std::string tenant_name;
    std::vector<Subscription> subscriptions;
    std::shared_ptr<const std::vector<ManagementGroup>> management_groups; ///< sorted by their names in lower case
    std::shared_ptr<const RegistryTable> registries;
    std::shared_ptr<const PrincipalTable> principals;
    std::shared_ptr<const TokenTable> tokens;
    std::shared_ptr<const rbac::Policy> policy;
    std::shared_ptr<const std::vector<ResourceLock>> locks{}; ///< in the order of scope and name; null: none
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
    const Registry* registry_for_host(std::string_view host) const noexcept { return registries_->for_host(host); }
    const Registry* find_registry(const Guid& id) const noexcept { return registries_->find(id); }
    const Registry* find_registry_by_row(std::int64_t row) const noexcept { return registries_->find_row(row); }
    /// By ARM scope, without regard to case.
    const Registry* find_registry(const rbac::Scope& scope) const noexcept { return registries_->find(scope); }
    std::span<const Registry> registries() const noexcept { return registries_->all(); }

    const Principal* find_principal(const Guid& id) const noexcept { return principals_->find(id); }
    const Principal* find_principal_by_application(const Guid& application_id) const noexcept {
        return principals_->find_by_application(application_id);
    }
    /// Without regard to case.
    const Principal* find_user(std::string_view user_principal_name) const noexcept {
        return principals_->find_user(user_principal_name);
    }
    std::span<const Principal> principals() const noexcept { return principals_->all(); }

    /// A repository token of a registry by name, without regard to case; nullptr if there is none.
    const RegistryToken* find_token(const Registry& registry, std::string_view name) const noexcept {
        return tokens_->find(registry.id, name);
    }
    /// By its id, which no other token ever bears.
    const RegistryToken* find_token(const Guid& id) const noexcept { return tokens_->find(id); }
    std::span<const RegistryToken> tokens() const noexcept { return tokens_->all(); }

    /// Without regard to case.
    const Subscription* find_subscription(std::string_view id) const noexcept;
    /// Sorted by name. The tenant's root group, which bears the tenant's id as its name, is always there.
    std::span<const ManagementGroup> management_groups() const noexcept { return *management_groups_; }
    /// Without regard to case.
    const ManagementGroup* find_management_group(std::string_view name) const noexcept;

    /// In the order of scope and name.
    std::span<const ResourceLock> locks() const noexcept {
        return locks_ ? std::span<const ResourceLock>(*locks_) : std::span<const ResourceLock>();
    }

    /// Up to which change (`world_changes`) this world holds everything; -1 when it was put together by hand.
    std::int64_t sequence() const noexcept { return sequence_; }
    /// The same parts, for the world that follows.
    WorldParts parts() const;

    World(std::uint64_t version, WorldParts parts);
    /// For tests. Without management groups there is the root group alone.
    World(std::uint64_t version, Guid tenant_id, std::string tenant_name, std::vector<Subscription> subscriptions,
          std::vector<Registry> registries, std::vector<Principal> principals, std::shared_ptr<const rbac::Policy> policy,
          std::vector<RegistryToken> tokens = {}, std::vector<ManagementGroup> management_groups = {});

private:
    std::int64_t sequence_ = -1;
    std::shared_ptr<const std::vector<ManagementGroup>> management_groups_;
    std::shared_ptr<const RegistryTable> registries_;
    std::shared_ptr<const PrincipalTable> principals_;
    std::shared_ptr<const TokenTable> tokens_;
    std::shared_ptr<const std::vector<ResourceLock>> locks_;
};

} // namespace berth::tenant
