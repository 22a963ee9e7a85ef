#include "base/white_space.hpp"

#include <algorithm>
#include <array>

namespace berth {
namespace {

using namespace std::string_view_literals;

// In UTF-8; those of one byte are below.
constexpr std::array wide{"\xC2\x85"sv,     "\xC2\xA0"sv,     "\xE1\x9A\x80"sv, "\xE2\x80\x80"sv, "\xE2\x80\x81"sv,
                          "\xE2\x80\x82"sv, "\xE2\x80\x83"sv, "\xE2\x80\x84"sv, "\xE2\x80\x85"sv, "\xE2\x80\x86"sv,
                          "\xE2\x80\x87"sv, "\xE2\x80\x88"sv, "\xE2\x80\x89"sv, "\xE2\x80\x8A"sv, "\xE2\x80\x8B"sv,
                          "\xE2\x80\x8C"sv, "\xE2\x80\x8D"sv, "\xE2\x80\x8E"sv, "\xE2\x80\x8F"sv, "\xE2\x80\xA8"sv,
                          "\xE2\x80\xA9"sv, "\xE2\x80\xAF"sv, "\xE2\x81\x9F"sv, "\xE2\x81\xA0"sv, "\xE3\x80\x80"sv,
                          "\xEF\xBB\xBF"sv};

bool is_narrow(char c) noexcept { return static_cast<unsigned char>(c) <= ' ' || c == '\x7F'; }

} // namespace

bool has_outer_white_space(std::string_view text) noexcept {
    if (text.empty()) return false;
    if (is_narrow(text.front()) || is_narrow(text.back())) return true;
    return std::ranges::any_of(wide, [&](std::string_view one) { return text.starts_with(one) || text.ends_with(one); });
}

} // namespace berth
