#pragma once

#include <openssl/crypto.h>

#include <string>
#include <string_view>
#include <utility>

namespace berth {

/// Text that must not be seen: it has no stream operator and no formatter, so it cannot slip into a log; it is wiped
/// when it goes and compared in constant time.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) noexcept : value_(std::move(value)) {}
    Secret(const Secret&) = default;
    Secret(Secret&&) noexcept = default;
    Secret& operator=(const Secret&) = default;
    Secret& operator=(Secret&&) noexcept = default;
    ~Secret() { OPENSSL_cleanse(value_.data(), value_.size()); }

    /// The text itself, for the place that must send or hash it.
    const std::string& reveal() const noexcept { return value_; }
    bool empty() const noexcept { return value_.empty(); }
    /// Constant time in the content; the lengths may be told apart.
    bool equals(std::string_view other) const noexcept {
        return value_.size() == other.size() && CRYPTO_memcmp(value_.data(), other.data(), value_.size()) == 0;
    }

private:
    std::string value_;
};

} // namespace berth
