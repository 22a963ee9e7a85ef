#pragma once

#include "rbac/hash_index.hpp"
#include "rbac/role_definition.hpp"
#include "rbac/role_operations.hpp"

#include <optional>
#include <string>
#include <vector>

namespace berth::rbac {

/// The built-in roles with what advice needs to know of them, read once from the compiled-in data. The vectors have one
/// element a role, in the same order. Inside this room only.
class BuiltInCatalog {
public:
    /// Reads the data on the first call, from any thread.
    static const BuiltInCatalog& instance();

    const std::vector<RoleDefinition>& roles() const noexcept { return roles_; }
    /// What each role grants.
    const std::vector<RoleOperations>& operations() const noexcept { return operations_; }
    /// The resource provider that each role is made for; `*` for all.
    const std::vector<std::string>& concerns() const noexcept { return concerns_; }
    /// The index of the role of that id.
    std::optional<std::size_t> find(const Guid& id) const noexcept;

private:
    BuiltInCatalog();
    std::vector<RoleDefinition> roles_;
    std::vector<RoleOperations> operations_;
    std::vector<std::string> concerns_;
    HashIndex by_id_;
};

} // namespace berth::rbac
