#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace berth::rbac {

/// An ARM scope: `/`, a management group, a subscription, a resource group, a resource or a child resource. Compared
/// segment by segment without regard to case; empty segments are collapsed (clients send `//`).
class Scope {
public:
    /// Fails with `bad_request` for what is no absolute path, holds a NUL, `.`, `..` or more than 2,048 bytes.
    static Result<Scope> parse(std::string_view text);
    static Scope root() { return Scope("/"); }

    /// As it was written, empty segments collapsed, no slash at the end.
    const std::string& value() const noexcept { return value_; }
    /// The same in lower case: equal keys are equal scopes.
    const std::string& key() const noexcept { return key_; }
    /// Whether `other` is this scope or lies below it.
    bool covers(const Scope& other) const noexcept;
    /// This scope and every scope above it as prefixes of `key()`, nearest first, `/` last. Only boundaries at which a
    /// scope can end: `/subscriptions/s`, `/subscriptions/s/resourcegroups/g`, `…/providers/ns/type/name`, `…/type/name`.
    const std::vector<std::string_view>& chain() const noexcept { return chain_; }

    Scope(const Scope& other) : Scope(other.value_) {}
    Scope(Scope&& other) noexcept : Scope(std::string_view(other.value_)) {}
    Scope& operator=(const Scope& other);
    Scope& operator=(Scope&& other) noexcept { return *this = static_cast<const Scope&>(other); }
    ~Scope() = default;
    bool operator==(const Scope& other) const noexcept { return key_ == other.key_; }

private:
    explicit Scope(std::string_view normalized);
    std::string value_;
    std::string key_;
    std::vector<std::string_view> chain_; // into key_
};

} // namespace berth::rbac
