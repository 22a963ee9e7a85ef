#include "http/server/connections_by_address.hpp"

#include <algorithm>

namespace berth::http {

ConnectionsByAddress::Place ConnectionsByAddress::place_of(const IpAddress& address) noexcept {
    Place place = address.bytes();
    if (!address.is_v4()) std::fill(place.begin() + 8, place.end(), std::uint8_t{0});
    return place;
}

bool ConnectionsByAddress::add(const IpAddress& address, std::size_t most) {
    const Place place = place_of(address);
    const std::lock_guard lock(mutex_);
    const auto [entry, first] = open_.try_emplace(place, 0);
    if (entry->second >= most) {
        if (first) open_.erase(entry);
        return false;
    }
    ++entry->second;
    return true;
}

void ConnectionsByAddress::remove(const IpAddress& address) noexcept {
    const Place place = place_of(address);
    const std::lock_guard lock(mutex_);
    const auto entry = open_.find(place);
    if (entry != open_.end() && --entry->second == 0) open_.erase(entry);
}

} // namespace berth::http
