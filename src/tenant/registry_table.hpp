#pragma once

#include "tenant/registry.hpp"
#include "tenant/text_index.hpp"

#include <span>
#include <unordered_map>
#include <vector>

namespace berth::tenant {

/// All registries of a world, found by what requests name them by. Immutable; pointers live as long as the table.
class RegistryTable {
public:
    explicit RegistryTable(std::vector<Registry> registries);

    std::span<const Registry> all() const noexcept { return registries_; }
    /// By login server, then by its host name without port, else the first one; nullptr only when there is none.
    const Registry* for_host(std::string_view host) const noexcept;
    const Registry* find(const Guid& id) const noexcept;
    const Registry* find_row(std::int64_t row) const noexcept;
    const Registry* find(const rbac::Scope& scope) const noexcept;

private:
    std::vector<Registry> registries_;
    TextIndex by_host_; // login server, and host name without port
    TextIndex by_scope_;
    std::unordered_map<Guid, std::size_t> by_id_;
    std::unordered_map<std::int64_t, std::size_t> by_row_;
};

} // namespace berth::tenant
