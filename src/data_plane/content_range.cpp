#include "data_plane/content_range.hpp"

#include <charconv>
#include <limits>

namespace berth::data_plane {
namespace {

// Digits only, and room left for the size of the range.
std::optional<std::uint64_t> parse_position(std::string_view text) noexcept {
    std::uint64_t out = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, out);
    if (error != std::errc{} || stop != end || out > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return out;
}

} // namespace

Result<std::optional<ContentRange>> parse_content_range(std::optional<std::string_view> header) {
    if (!header) return std::nullopt;
    const std::size_t dash = header->find('-');
    if (dash != std::string_view::npos) {
        const auto first = parse_position(header->substr(0, dash));
        const auto last = parse_position(header->substr(dash + 1));
        if (first && last && *first <= *last) return ContentRange{.first = *first, .last = *last};
    }
    return failure(ErrorCode::blob_upload_invalid,
                   "The Content-Range of a chunk is the position of its first and of its last byte, like '0-1023'.");
}

} // namespace berth::data_plane
