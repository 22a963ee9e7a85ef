#pragma once

#include "base/guid.hpp"
#include "tenant/scope_map.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace berth::tenant {

/// A repository token: an identity of one registry that can do what its scope map says, and nothing else.
struct RegistryToken {
    Guid id; ///< immutable
    std::string name;
    bool enabled = true;
    Guid registry;
    std::int64_t row = 0;                      ///< `resources.id`: what its passwords hang on
    std::string scope_map_name{};              ///< for messages; empty when the map is gone
    std::shared_ptr<const ScopeMap> scope_map; ///< never null; empty when the map that it names is gone or unreadable
};

} // namespace berth::tenant
