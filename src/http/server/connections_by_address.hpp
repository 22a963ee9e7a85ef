#pragma once

#include "http/ip_address.hpp"

#include <cstddef>
#include <functional>
#include <mutex>
#include <string_view>
#include <unordered_map>

namespace berth::http {

/// How many connections each address has open; of IPv6 each /64, which one host has whole. One entry per address that has
/// any. Thread-safe.
class ConnectionsByAddress {
public:
    /// Counts one more, unless there are `most` already: then false.
    bool add(const IpAddress& address, std::size_t most);
    /// One of those that `add` counted has ended.
    void remove(const IpAddress& address) noexcept;

private:
    using Place = std::array<std::uint8_t, 16>;
    struct Hash {
        std::size_t operator()(const Place& place) const noexcept {
            return std::hash<std::string_view>{}({reinterpret_cast<const char*>(place.data()), place.size()}); // NOLINT
        }
    };
    static Place place_of(const IpAddress& address) noexcept;

    std::mutex mutex_;
    std::unordered_map<Place, std::size_t, Hash> open_;
};

} // namespace berth::http
