#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

struct evp_mac_ctx_st;

namespace berth::identity {

constexpr std::size_t hmac_size = 32;
using HmacCode = std::array<std::byte, hmac_size>;

/// HMAC with SHA-256 (RFC 2104) of one message. A thread has one at a time: they share what OpenSSL needs long to look up.
class Hmac {
public:
    explicit Hmac(std::span<const std::byte> key) noexcept;
    Hmac(const Hmac&) = delete;
    Hmac& operator=(const Hmac&) = delete;

    Hmac& add(std::span<const std::byte> bytes) noexcept;
    Hmac& add(std::string_view text) noexcept { return add(std::as_bytes(std::span(text))); }
    /// Of all that was added. Ends the use of this object.
    void finish(HmacCode& out) noexcept;

private:
    evp_mac_ctx_st* context_;
};

} // namespace berth::identity
