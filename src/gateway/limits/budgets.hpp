#pragma once

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace berth::gateway {

/// Kinds of requests that have budgets of their own, as ACR has them (acr-data-plane section 4.1).
enum class RequestKind : std::uint8_t {
    read,      ///< GET, HEAD, OPTIONS
    write,     ///< PUT, PATCH, POST
    delete_,   ///< DELETE
    referrers, ///< listing referrers; counts as a read too
    oauth,     ///< asking for a token, by whatever method
};
constexpr std::size_t request_kinds = 5;
/// `read`, `write`, `delete`, `referrers`, `oauth`.
std::string_view to_string(RequestKind kind) noexcept;

/// Requests a minute of each kind; 0: not limited.
struct Budgets {
    static constexpr std::uint32_t most = 1'000'000'000;

    std::array<std::uint32_t, request_kinds> per_minute{};

    std::uint32_t of(RequestKind kind) const noexcept { return per_minute[static_cast<std::size_t>(kind)]; }
    bool any() const noexcept;
    /// `read=5000,write=1000`: kinds that are not named are not limited. Empty: nothing is. `invalid_parameter` for
    /// anything else, a kind named twice and numbers outside 0 to `most`.
    static Result<Budgets> parse(std::string_view text);
    bool operator==(const Budgets&) const = default;
};

} // namespace berth::gateway
