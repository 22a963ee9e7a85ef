#include "tenant/token_table.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

namespace berth::tenant {

TokenTable::TokenTable(std::vector<RegistryToken> tokens) : tokens_(std::move(tokens)) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        by_id_.emplace(tokens_[i].id, i);
        by_name_.emplace(fmt::format("{} {}", tokens_[i].registry.value(), to_lower(tokens_[i].name)), i);
    }
}

const RegistryToken* TokenTable::find(const Guid& id) const noexcept {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &tokens_[found->second];
}

const RegistryToken* TokenTable::find(const Guid& registry, std::string_view name) const noexcept {
    if (tokens_.empty() || name.size() > 256) return nullptr;
    const auto found = by_name_.find(fmt::format("{} {}", registry.value(), to_lower(name)));
    return found == by_name_.end() ? nullptr : &tokens_[found->second];
}

} // namespace berth::tenant
