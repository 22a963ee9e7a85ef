#pragma once

#include "tenant/registry_token.hpp"

#include <span>
#include <unordered_map>
#include <vector>

namespace berth::tenant {

/// All repository tokens of a world. Immutable; pointers live as long as the table.
class TokenTable {
public:
    explicit TokenTable(std::vector<RegistryToken> tokens);

    std::span<const RegistryToken> all() const noexcept { return tokens_; }
    const RegistryToken* find(const Guid& id) const noexcept;
    /// By name, without regard to case.
    const RegistryToken* find(const Guid& registry, std::string_view name) const noexcept;

private:
    std::vector<RegistryToken> tokens_;
    std::unordered_map<Guid, std::size_t> by_id_;
    std::unordered_map<std::string, std::size_t> by_name_; // registry's id, space, name in lower case
};

} // namespace berth::tenant
