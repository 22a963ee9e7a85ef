#pragma once

#include "rbac/operation.hpp"
#include "rbac/role_definition.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace berth::rbac {

/// A set of known operations, actions and data actions together: what a role grants, as bits.
class OperationSet {
public:
    /// No table of operations may grow above this.
    static constexpr std::size_t capacity = 512;

    bool contains(Operation operation) const noexcept {
        return (words_[operation.number() / 64] >> (operation.number() % 64) & 1) != 0;
    }
    void insert(Operation operation) noexcept {
        words_[operation.number() / 64] |= std::uint64_t{1} << (operation.number() % 64);
    }
    /// Whether every operation of `other` is in this set.
    bool includes(const OperationSet& other) const noexcept {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            if ((other.words_[i] & ~words_[i]) != 0) return false;
        }
        return true;
    }
    std::size_t size() const noexcept {
        std::size_t out = 0;
        for (auto word : words_) out += static_cast<std::size_t>(std::popcount(word));
        return out;
    }
    bool empty() const noexcept { return *this == OperationSet{}; }

    OperationSet& operator|=(const OperationSet& other) noexcept {
        for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
        return *this;
    }
    OperationSet& operator-=(const OperationSet& other) noexcept {
        for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
        return *this;
    }
    bool operator==(const OperationSet&) const = default;

private:
    std::array<std::uint64_t, capacity / 64> words_{};
};

/// The known operations that an action pattern matches, among the actions or among the data actions.
OperationSet operations_matching(std::string_view pattern, bool data_actions);
/// What one permission object grants: actions less notActions, data actions less notDataActions.
OperationSet operations_of(const Permission& permission);
/// What a role grants: its permission objects together.
OperationSet operations_of(const RoleDefinition& role);

} // namespace berth::rbac
