#include "identity/compact_token.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <iterator>

namespace berth::identity {
namespace {

std::unexpected<Error> malformed(std::string_view why) {
    return failure(ErrorCode::invalid_credentials, fmt::format("The token is malformed: {}.", why));
}

// The code point that begins at `position`, which moves past it; U+FFFD for bytes that are no UTF-8.
std::uint32_t next_code_point(std::string_view text, std::size_t& position) {
    const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte_at(position++);
    const std::size_t more = lead >= 0xF0 && lead < 0xF8 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (more == 0 || lead >= 0xF8 || text.size() - position < more) return 0xFFFD;
    std::uint32_t point = lead & (0x3FU >> more);
    for (std::size_t i = 0; i < more; ++i) {
        if ((byte_at(position + i) & 0xC0U) != 0x80U) return 0xFFFD;
        point = point << 6U | (byte_at(position + i) & 0x3FU);
    }
    position += more;
    return point;
}

} // namespace

Result<CompactToken> CompactToken::parse(std::string_view token) {
    if (token.size() > longest_token) return malformed("it is longer than 32 KiB");
    if (token.find('=') != std::string_view::npos) return malformed("it is padded");
    const auto first = token.find('.');
    const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
        return malformed("it has not three parts");
    }
    const auto header_bytes = from_base64url(token.substr(0, first));
    const auto payload = from_base64url(token.substr(first + 1, second - first - 1));
    const auto signature = from_base64url(token.substr(second + 1));
    if (!header_bytes || !payload || !signature) return malformed("a part is no base64url");

    const auto header = parse_json(as_text(*header_bytes), {.depth = 4});
    if (!header || !header->is_object()) return malformed("its header is no JSON object");
    const auto algorithm = find_string(*header, "alg");
    const auto key_id = find_string(*header, "kid");
    if (!algorithm || !key_id) return malformed("its header lacks alg or kid");
    for (const auto& member : header->get_object()) {
        const std::string_view name = member.key();
        if (name == "alg" || name == "kid") continue;
        if (name != "typ" || find_string(*header, "typ") != "JWT") {
            return malformed("its header has a member that no token of this registry has");
        }
    }
    return CompactToken{std::string(*algorithm), std::string(*key_id), std::string(as_text(*payload)), signature->size()};
}

std::string write_claims(const boost::json::object& claims) {
    const std::string json = boost::json::serialize(claims);
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size();) {
        const auto c = static_cast<unsigned char>(json[i]);
        if (c < 0x7F && c != '>' && c != '?' && c != '~') {
            out += json[i++];
            continue;
        }
        // Such bytes are found only inside strings, where an escape means the same.
        const std::uint32_t point = c < 0x80 ? (++i, c) : next_code_point(json, i);
        if (point < 0x10000) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", point);
        } else {
            const std::uint32_t rest = point - 0x10000;
            fmt::format_to(std::back_inserter(out), "\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10U), 0xDC00 + (rest & 0x3FFU));
        }
    }
    return out;
}

} // namespace berth::identity
