#include "tenant/registry_table.hpp"

#include "tenant/lowered.hpp"

namespace berth::tenant {
namespace {

// "host:5000" and "[::1]:5000" without the port.
std::string_view without_port(std::string_view host) noexcept {
    const auto colon = host.rfind(':');
    if (colon == std::string_view::npos) return host;
    const auto bracket = host.rfind(']');
    if (bracket != std::string_view::npos && bracket > colon) return host;
    return host.substr(0, colon);
}

} // namespace

RegistryTable::RegistryTable(std::vector<Registry> registries) : registries_(std::move(registries)) {
    // Where two registries share a host name (told apart by port), the older one gets the name without a port.
    for (std::size_t i = 0; i < registries_.size(); ++i) {
        const Registry& registry = registries_[i];
        by_host_.insert_or_assign(registry.login_server, i);
        by_scope_.emplace(registry.scope.key(), i);
        by_id_.emplace(registry.id, i);
        by_row_.emplace(registry.row, i);
    }
    for (std::size_t i = 0; i < registries_.size(); ++i) by_host_.emplace(without_port(registries_[i].login_server), i);
}

const Registry* RegistryTable::for_host(std::string_view host) const noexcept {
    if (registries_.empty()) return nullptr;
    if (host.size() <= Lowered::longest) {
        const Lowered lowered(host);
        if (const auto found = by_host_.find(lowered.view()); found != by_host_.end()) return &registries_[found->second];
        const auto name = without_port(lowered.view());
        if (const auto found = by_host_.find(name); found != by_host_.end()) return &registries_[found->second];
    }
    return &registries_.front();
}

const Registry* RegistryTable::find(const Guid& id) const noexcept {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &registries_[found->second];
}

const Registry* RegistryTable::find_row(std::int64_t row) const noexcept {
    const auto found = by_row_.find(row);
    return found == by_row_.end() ? nullptr : &registries_[found->second];
}

const Registry* RegistryTable::find(const rbac::Scope& scope) const noexcept {
    const auto found = by_scope_.find(scope.key());
    return found == by_scope_.end() ? nullptr : &registries_[found->second];
}

} // namespace berth::tenant
