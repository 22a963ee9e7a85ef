#include "tenant/world.hpp"

#include "base/encoding.hpp"

#include <algorithm>

namespace berth::tenant {
namespace {

// In the order of their names in lower case, the root group among them.
std::vector<ManagementGroup> with_root(std::vector<ManagementGroup> groups, const Guid& tenant) {
    const auto key = [](const ManagementGroup& group) { return to_lower(group.name); };
    if (std::ranges::find(groups, tenant.value(), key) == groups.end()) {
        groups.push_back({tenant.value(), "Tenant Root Group", std::nullopt, management_group_scope(tenant.value())});
    }
    std::ranges::sort(groups, {}, key);
    return groups;
}

} // namespace

World::World(std::uint64_t version_number, WorldParts parts)
    : version(version_number), tenant_id(std::move(parts.tenant_id)), tenant_name(std::move(parts.tenant_name)),
      subscriptions(std::move(parts.subscriptions)), policy(std::move(parts.policy)), sequence_(parts.sequence),
      management_groups_(std::move(parts.management_groups)), registries_(std::move(parts.registries)),
      principals_(std::move(parts.principals)), tokens_(std::move(parts.tokens)), locks_(std::move(parts.locks)) {}

World::World(std::uint64_t version_number, Guid tenant, std::string name, std::vector<Subscription> all_subscriptions,
             std::vector<Registry> registries, std::vector<Principal> principals,
             std::shared_ptr<const rbac::Policy> compiled_policy, std::vector<RegistryToken> tokens,
             std::vector<ManagementGroup> management_groups)
    : World(version_number, WorldParts{.sequence = -1,
                                       .tenant_id = tenant,
                                       .tenant_name = std::move(name),
                                       .subscriptions = std::move(all_subscriptions),
                                       .management_groups = std::make_shared<const std::vector<ManagementGroup>>(
                                           with_root(std::move(management_groups), tenant)),
                                       .registries = std::make_shared<const RegistryTable>(std::move(registries)),
                                       .principals = std::make_shared<const PrincipalTable>(std::move(principals)),
                                       .tokens = std::make_shared<const TokenTable>(std::move(tokens)),
                                       .policy = std::move(compiled_policy),
                                       .locks = nullptr}) {
    for (Subscription& subscription : subscriptions) {
        if (subscription.management_group.empty()) subscription.management_group = tenant_id.value();
    }
}

WorldParts World::parts() const {
    return {.sequence = sequence_,
            .tenant_id = tenant_id,
            .tenant_name = tenant_name,
            .subscriptions = subscriptions,
            .management_groups = management_groups_,
            .registries = registries_,
            .principals = principals_,
            .tokens = tokens_,
            .policy = policy,
            .locks = locks_};
}

const Subscription* World::find_subscription(std::string_view id) const noexcept {
    for (const Subscription& subscription : subscriptions) {
        if (equals_ignoring_case(subscription.id.value(), id)) return &subscription;
    }
    return nullptr;
}

const ManagementGroup* World::find_management_group(std::string_view name) const noexcept {
    const auto& groups = *management_groups_;
    const auto key = [](const ManagementGroup& group) { return to_lower(group.name); };
    const std::string wanted = to_lower(name);
    const auto found = std::ranges::lower_bound(groups, wanted, {}, key);
    return found != groups.end() && key(*found) == wanted ? &*found : nullptr;
}

} // namespace berth::tenant
