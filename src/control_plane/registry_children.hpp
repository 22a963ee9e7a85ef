#pragma once

#include "tenant/resource_store.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What the types below a registry ask about it and about each other: functions for closures of `Database::read` and `write`.
namespace berth::control_plane {

/// The id of the registry that a resource directly below one belongs to.
std::string_view registry_id_of(const tenant::Resource& child);
/// The registry itself. `internal` if it is gone.
Result<tenant::Resource> registry_of(storage::Session& session, const tenant::Resource& child);
/// How many resources of the type there are directly below the registry.
Result<std::int64_t> count_children(storage::Session& session, const rbac::Scope& registry, std::string_view type);
/// All of them, in the order of their names. For types whose number has a limit.
Result<std::vector<tenant::Resource>> list_children(storage::Session& session, const tenant::Resource& registry,
                                                    std::string_view type);
/// `limit_exceeded` if the registry has as many of the type as it may have, and `before` says that this is a new one.
Result<void> check_limit(storage::Session& session, const tenant::Resource& registry, std::string_view type,
                         std::string_view nouns, const tenant::Resource* before, std::int64_t limit);

/// Of Azure's limits (acr-data-plane reference section 4.1), those that berth keeps.
std::int64_t most_webhooks(const tenant::Resource& registry);
inline constexpr std::int64_t most_cache_rules = 1000;
inline constexpr std::int64_t most_credential_sets = 1000;

} // namespace berth::control_plane
