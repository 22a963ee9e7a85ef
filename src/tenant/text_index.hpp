#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace berth::tenant {

/// Hashes text without making a string of it.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

/// Text to the position of what bears it.
using TextIndex = std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>>;

} // namespace berth::tenant
