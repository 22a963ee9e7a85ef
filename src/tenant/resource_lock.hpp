#pragma once

#include "base/guid.hpp"
#include "base/time.hpp"
#include "rbac/scope.hpp"

#include <boost/json/array.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::tenant {

/// What a lock takes away from everybody, whatever their roles: at its scope and below it.
enum class LockLevel : std::uint8_t {
    can_not_delete, ///< `CanNotDelete`
    read_only,      ///< `ReadOnly`: no change, no deletion, and no action (`listCredentials` among them)
};

std::string_view to_text(LockLevel level) noexcept;
/// Without regard to case; nullopt for another word.
std::optional<LockLevel> parse_lock_level(std::string_view text) noexcept;

/// A lock on a subscription, a resource group or a resource.
struct ResourceLock {
    Guid id = Guid::random();
    std::string name;
    rbac::Scope scope = rbac::Scope::root();
    LockLevel level = LockLevel::can_not_delete;
    std::optional<std::string> notes{};
    boost::json::array owners{}; ///< `{"applicationId"}`, kept and shown, no right by itself
    Timestamp created_at{};
    std::string created_by{};
    Timestamp updated_at{};
    std::string updated_by{};
    bool operator==(const ResourceLock&) const = default;
};

} // namespace berth::tenant
