#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace berth::tenant {

/// ASCII lower case in a buffer on the stack: hosts and names are looked up on every request. What is longer than
/// `longest` is cut: check before.
class Lowered {
public:
    static constexpr std::size_t longest = 255; ///< of a host name, RFC 1035 section 2.3.4

    explicit Lowered(std::string_view text) noexcept : size_(std::min(text.size(), buffer_.size())) {
        for (std::size_t i = 0; i < size_; ++i) {
            const char c = text[i];
            buffer_[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
        }
    }
    std::string_view view() const noexcept { return {buffer_.data(), size_}; }

private:
    std::array<char, longest> buffer_;
    std::size_t size_;
};

} // namespace berth::tenant
