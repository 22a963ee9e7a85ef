#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::rbac {

/// What a scope is, by its shape alone; whether the thing exists is for others to know.
enum class ScopeKind : std::uint8_t {
    root,             ///< `/`
    management_group, ///< `/providers/Microsoft.Management/managementGroups/{id}`
    subscription,     ///< `/subscriptions/{id}`
    resource_group,   ///< `/subscriptions/{id}/resourceGroups/{name}`
    resource,         ///< `…/providers/{namespace}/{type}/{name}` and child resources `…/{type}/{name}`
    other,            ///< no place where a scope can end, such as `/subscriptions`
};

class ScopeChain;

/// An ARM scope: `/`, a management group, a subscription, a resource group, a resource or a child resource. Compared
/// segment by segment without regard to ASCII case; empty segments are collapsed (clients send `//`).
class Scope {
public:
    static constexpr std::size_t longest = 2048; ///< bytes

    /// Fails with `bad_request` for what does not begin with `/`, has a segment `.` or `..`, a control character (NUL
    /// among them) or more than `longest` bytes.
    static Result<Scope> parse(std::string_view text);
    static Scope root();

    /// As it was written, empty segments collapsed, no slash at the end.
    const std::string& value() const noexcept { return value_; }
    /// The same in lower case: equal keys are equal scopes.
    const std::string& key() const noexcept { return key_; }
    ScopeKind kind() const noexcept { return kind_; }
    /// Whether `other` is this scope or lies below it: this scope is in its `chain()`. A scope of kind `other` covers
    /// itself only. Management groups cover what lies in them by membership, which no path shows: not seen here.
    bool covers(const Scope& other) const noexcept;
    /// This scope and every scope above it as prefixes of `key()` (`std::string_view`s), nearest first, `/` last. Only
    /// boundaries at which a scope can end: `/subscriptions/s`, `/subscriptions/s/resourcegroups/g`,
    /// `…/providers/ns/type/name`, `…/type/name`. Views into this scope.
    ScopeChain chain() const noexcept;

    /// One element of the chain: how much of `key()` it is, and a hash of that text; equal texts have equal hashes in
    /// whatever scope they are found.
    struct Level {
        std::uint64_t hash;
        std::uint16_t length;
        bool operator==(const Level&) const = default;
    };
    /// The chain with the hashes, which are computed once.
    std::span<const Level> levels() const noexcept { return levels_; }

    bool operator==(const Scope& other) const noexcept { return key_ == other.key_; }

private:
    Scope() = default;
    void find_levels();

    std::string value_;
    std::string key_;
    std::vector<Level> levels_; // nearest first
    ScopeKind kind_ = ScopeKind::root;
};

/// The texts of a scope's chain, nearest first. A view: the scope must live.
class ScopeChain {
public:
    class Iterator {
    public:
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::forward_iterator_tag;
        using iterator_category = std::input_iterator_tag;

        Iterator() = default;
        Iterator(const char* key, const Scope::Level* level) noexcept : key_(key), level_(level) {}
        std::string_view operator*() const noexcept { return {key_, level_->length}; }
        Iterator& operator++() noexcept {
            ++level_;
            return *this;
        }
        Iterator operator++(int) noexcept {
            auto before = *this;
            ++level_;
            return before;
        }
        bool operator==(const Iterator&) const = default;

    private:
        const char* key_ = nullptr;
        const Scope::Level* level_ = nullptr;
    };

    explicit ScopeChain(const Scope& scope) noexcept : key_(scope.key().data()), levels_(scope.levels()) {}
    Iterator begin() const noexcept { return {key_, levels_.data()}; }
    Iterator end() const noexcept { return {key_, levels_.data() + levels_.size()}; }
    std::size_t size() const noexcept { return levels_.size(); }
    std::string_view operator[](std::size_t i) const noexcept { return {key_, levels_[i].length}; }

private:
    const char* key_;
    std::span<const Scope::Level> levels_;
};

inline ScopeChain Scope::chain() const noexcept { return ScopeChain(*this); }

} // namespace berth::rbac
