#include "identity/outside_groups.hpp"

#include "base/strict_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace berth::identity {
namespace {

std::string_view take_word(std::string_view& rest) {
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    return word;
}

} // namespace

std::string OutsideGroups::to_text() const {
    if (empty()) return {};
    std::string out = fmt::format("{} {}", source, to_unix_seconds(until));
    for (const Guid& link : links) out.append(" ").append(link.value());
    return out;
}

std::optional<OutsideGroups> OutsideGroups::parse(std::string_view text) {
    OutsideGroups out;
    if (text.empty()) return out;
    out.source = take_word(text);
    const auto seconds = take_word(text);
    std::int64_t until = 0;
    const auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), until);
    // Up to the year 9999.
    if (out.source.empty() || error != std::errc() || end != seconds.data() + seconds.size() || until < 0 ||
        until > 253'402'300'799) {
        return std::nullopt;
    }
    out.until = Timestamp(std::chrono::seconds(until));
    while (!text.empty()) {
        auto link = Guid::parse(take_word(text));
        if (!link) return std::nullopt;
        out.links.push_back(std::move(*link));
    }
    if (out.empty()) return std::nullopt;
    return out;
}

std::optional<OutsideGroups> OutsideGroups::of_claims(const boost::json::value& claims) {
    if (find_member(claims, "berth_groups") == nullptr) return OutsideGroups();
    const auto text = find_string(claims, "berth_groups");
    if (!text || text->empty()) return std::nullopt;
    return parse(*text);
}

} // namespace berth::identity
