#include "identity/assertion.hpp"

#include "base/strict_json.hpp"
#include "identity/compact_token.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace berth::identity {
namespace {

using boost::json::value;

constexpr std::chrono::seconds clock_skew = std::chrono::minutes(5);
constexpr std::size_t most_audiences = 16;
// Beyond this a count of seconds is no time that anybody meant, and multiplying it overflows.
constexpr double latest_time = 253402300799.0; // the year 9999

std::unexpected<Error> malformed(std::string_view why) {
    return failure(ErrorCode::invalid_credentials, fmt::format("The assertion is malformed: {}.", why));
}

std::string_view unpadded(std::string_view text) noexcept {
    while (text.ends_with('=')) text.remove_suffix(1);
    return text;
}

// RFC 7519 section 2: a NumericDate may have a fraction.
Result<std::optional<Timestamp>> time_of(const value& claims, std::string_view name) {
    const value* member = find_member(claims, name);
    if (member == nullptr) return std::optional<Timestamp>();
    double seconds = -1;
    if (const auto* integer = member->if_int64()) seconds = static_cast<double>(*integer);
    if (const auto* integer = member->if_uint64()) seconds = static_cast<double>(*integer);
    if (const auto* number = member->if_double()) seconds = *number;
    if (!std::isfinite(seconds) || seconds < 0 || seconds > latest_time) {
        return malformed(fmt::format("'{}' is no time in seconds", name));
    }
    return std::optional(Timestamp(std::chrono::seconds(static_cast<std::int64_t>(seconds))));
}

Result<std::vector<std::string>> audiences_of(const value& claims) {
    if (const auto one = find_string(claims, "aud")) return std::vector{std::string(*one)};
    auto several = find_strings(claims, "aud");
    if (!several || several->empty() || several->size() > most_audiences) return malformed("'aud' is no audience");
    return std::move(*several);
}

// RFC 7515 section 4.1.6: base64, not base64url; MSAL's has line breaks.
Result<std::optional<Bytes>> leaf_of(const value& header) {
    const value* member = find_member(header, "x5c");
    if (member == nullptr) return std::optional<Bytes>();
    const value* first = member->is_array() && !member->get_array().empty() ? &member->get_array().front() : member;
    if (!first->is_string()) return malformed("'x5c' is no list of certificates");
    std::string text(first->get_string());
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
    auto leaf = from_base64(text);
    if (!leaf) return malformed("'x5c' is no base64");
    return leaf;
}

Result<void> read_header(Assertion& out, const value& header) {
    for (const std::string_view name : {"crit", "b64", "zip"}) {
        if (find_member(header, name) != nullptr) return malformed(fmt::format("its header has '{}'", name));
    }
    const auto algorithm = find_string(header, "alg");
    if (!algorithm) return malformed("its header lacks 'alg'");
    out.algorithm = *algorithm;
    out.key_id = find_string(header, "kid").value_or("");
    for (const auto& [name, size, into] : {std::tuple("x5t", 20UZ, &out.sha1), std::tuple("x5t#S256", 32UZ, &out.sha256)}) {
        const auto text = find_string(header, name);
        if (!text) continue;
        auto bytes = from_base64url(unpadded(*text));
        if (!bytes || bytes->size() != size) return malformed(fmt::format("'{}' is no thumbprint", name));
        *into = std::move(*bytes);
    }
    auto leaf = leaf_of(header);
    if (!leaf) return failure(std::move(leaf));
    out.leaf = std::move(*leaf);
    return {};
}

Result<void> read_claims(Assertion& out, bool needs_subject) {
    for (const auto& [name, into] : {std::pair("iss", &out.issuer), std::pair("sub", &out.subject)}) {
        const auto text = find_string(out.claims, name);
        if (into == &out.subject && !needs_subject && find_member(out.claims, name) == nullptr) continue;
        if (!text || text->empty()) return malformed(fmt::format("it lacks '{}'", name));
        *into = *text;
    }
    auto audiences = audiences_of(out.claims);
    if (!audiences) return failure(std::move(audiences));
    out.audiences = std::move(*audiences);
    auto expires = time_of(out.claims, "exp");
    if (!expires) return failure(std::move(expires));
    if (!*expires) return malformed("it lacks 'exp'");
    out.expires_at = **expires;
    for (const auto& [name, into] : {std::pair("nbf", &out.not_before), std::pair("iat", &out.issued_at)}) {
        auto time = time_of(out.claims, name);
        if (!time) return failure(std::move(time));
        *into = *time;
    }
    return {};
}

} // namespace

Result<Assertion> Assertion::parse(std::string_view token, bool needs_subject) {
    if (token.size() > longest_token) return malformed("it is longer than 32 KiB");
    const auto first = token.find('.');
    const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos ||
        token.find('=') != std::string_view::npos) {
        return malformed("it has not three parts of base64url");
    }
    const auto header_bytes = from_base64url(token.substr(0, first));
    const auto payload = from_base64url(token.substr(first + 1, second - first - 1));
    const auto signature = from_base64url(token.substr(second + 1));
    if (!header_bytes || !payload || !signature || signature->empty()) return malformed("a part is no base64url");
    const auto header = parse_json(as_text(*header_bytes), {.depth = 4});
    if (!header || !header->is_object()) return malformed("its header is no JSON object");
    auto claims = parse_json(as_text(*payload), {.depth = 16});
    if (!claims || !claims->is_object()) return malformed("its claims are no JSON object");
    Assertion out;
    out.token = token;
    if (auto read = read_header(out, *header); !read) return failure(std::move(read));
    out.claims = std::move(*claims);
    if (auto read = read_claims(out, needs_subject); !read) return failure(std::move(read));
    return out;
}

Result<void> Assertion::check_time(Timestamp now, std::chrono::seconds longest) const {
    const auto refuse = [&](std::string_view what, Timestamp time) {
        return failure(ErrorCode::invalid_credentials,
                       fmt::format("The assertion {} {}; it is {} now. Make a new one, and check the clock of the machine "
                                   "that made it.",
                                   what, to_rfc3339(time), to_rfc3339(now)));
    };
    if (expires_at + clock_skew <= now) return refuse("has expired at", expires_at);
    if (not_before && *not_before > now + clock_skew) return refuse("is not valid before", *not_before);
    if (issued_at && *issued_at > now + clock_skew) return refuse("was made in the future, at", *issued_at);
    if (expires_at > now + longest + clock_skew) {
        return refuse(fmt::format("may live {} minutes, and this one lives until",
                                  std::chrono::duration_cast<std::chrono::minutes>(longest).count()),
                      expires_at);
    }
    return {};
}

bool Assertion::is_for(std::string_view audience) const noexcept {
    const auto trimmed = [](std::string_view text) {
        while (text.ends_with('/')) text.remove_suffix(1);
        return text;
    };
    return std::ranges::any_of(audiences, [&](const std::string& one) { return trimmed(one) == trimmed(audience); });
}

} // namespace berth::identity
