#include "http/body.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>
#include <strings.h>

namespace berth::http {
namespace {

constexpr std::size_t first_room = 64 * 1024;
constexpr std::size_t largest_step = 1024 * 1024;

bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

// `1*DIGIT`. A number too large for 64 bits is still a number: the largest one, which lies behind every end.
std::optional<std::uint64_t> parse_position(std::string_view text) noexcept {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
    return error == std::errc::result_out_of_range ? std::numeric_limits<std::uint64_t>::max() : value;
}

bool is_tag_character(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

// Takes one entity tag (`[W/]"..."`) off the front of `list` and returns it without `W/`.
std::optional<std::string_view> take_entity_tag(std::string_view& list) noexcept {
    if (list.starts_with("W/")) list.remove_prefix(2);
    if (!list.starts_with('"')) return std::nullopt;
    std::size_t end = 1;
    while (end < list.size() && is_tag_character(list[end])) ++end;
    if (end == list.size() || list[end] != '"') return std::nullopt;
    const auto tag = list.substr(0, end + 1);
    list.remove_prefix(end + 1);
    return tag;
}

} // namespace

Task<Result<std::string>> read_body(Request& request, std::uint64_t limit, std::chrono::milliseconds patience) {
    const auto too_large = [limit] {
        return failure(ErrorCode::payload_too_large,
                       "the body is larger than the " + std::to_string(limit) + " bytes this request may carry");
    };
    std::string body;
    if (!request.has_body) co_return body;
    if (request.content_length && *request.content_length > limit) co_return too_large();

    const std::uint64_t promised = request.content_length.value_or(first_room);
    body.resize(static_cast<std::size_t>(std::min<std::uint64_t>(promised, first_room)));
    std::size_t size = 0;
    const auto began = std::chrono::steady_clock::now();
    while (true) {
        if (size == body.size()) {
            body.resize(size + std::clamp<std::size_t>(size, 256, largest_step));
        }
        const std::span<std::byte> room = std::as_writable_bytes(std::span(body)).subspan(size);
        Task<Result<std::size_t>> reading = request.body->read(room);
        Result<std::size_t> read = co_await std::move(reading);
        if (!read) co_return failure(std::move(read));
        if (*read == 0) break;
        size += *read;
        if (size > limit) co_return too_large();
        if (request.content_length && size == *request.content_length) break;
        if (std::chrono::steady_clock::now() - began > patience) {
            co_return failure(ErrorCode::timeout, "the body took too long; send it again on a faster connection");
        }
    }
    body.resize(size);
    co_return body;
}

Result<std::optional<ByteRange>> parse_range(std::optional<std::string_view> header, std::uint64_t size) {
    constexpr std::string_view unit = "bytes=";
    if (!header || header->size() < unit.size() || ::strncasecmp(header->data(), unit.data(), unit.size()) != 0) {
        return std::nullopt;
    }
    const std::string_view text = trim(header->substr(unit.size()));
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const std::string_view first_text = text.substr(0, dash);
    const std::string_view last_text = text.substr(dash + 1);
    const auto unsatisfiable = [size] {
        return failure(ErrorCode::range_not_satisfiable,
                       "the range lies outside the " + std::to_string(size) + " bytes there are");
    };

    if (first_text.empty()) { // the last so many bytes
        const auto suffix = parse_position(last_text);
        if (!suffix) return std::nullopt;
        if (*suffix == 0 || size == 0) return unsatisfiable();
        const std::uint64_t length = std::min(*suffix, size);
        return ByteRange{size - length, length};
    }
    const auto first = parse_position(first_text);
    if (!first) return std::nullopt;
    std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
    if (!last_text.empty()) {
        const auto parsed = parse_position(last_text);
        if (!parsed) return std::nullopt;
        if (*parsed < *first) {
            return failure(ErrorCode::range_not_satisfiable, "the range ends before it begins");
        }
        last = *parsed;
    }
    if (*first >= size) return unsatisfiable();
    return ByteRange{*first, std::min(last, size - 1) - *first + 1};
}

bool matches_entity_tag(std::string_view list, std::string_view tag) noexcept {
    list = trim(list);
    if (list == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    while (!list.empty()) {
        const auto candidate = take_entity_tag(list);
        if (!candidate) return false;
        if (*candidate == tag) return true;
        list = trim(list);
        if (list.empty()) return false;
        if (list.front() != ',') return false;
        while (!list.empty() && (list.front() == ',' || is_space(list.front()))) list.remove_prefix(1);
    }
    return false;
}

} // namespace berth::http
