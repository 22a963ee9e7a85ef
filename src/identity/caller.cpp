#include "identity/caller.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace berth::identity {
namespace {

constexpr std::size_t max_scopes = 64;
constexpr std::size_t max_actions = 32;

std::string_view newer_spelling(std::string_view action) noexcept {
    if (action == "metadataRead") return "metadata_read";
    if (action == "metadataWrite") return "metadata_write";
    return action;
}

std::optional<TokenScope> parse_scope(std::string_view text) {
    // A name may hold colons (`repository:host:5000/app:pull`): the type ends at the first, the actions begin after the
    // last.
    const auto first = text.find(':');
    const auto last = text.rfind(':');
    if (first == std::string_view::npos || first == last) return std::nullopt;
    TokenScope scope{std::string(text.substr(0, first)), std::string(text.substr(first + 1, last - first - 1)), {}};
    auto actions = text.substr(last + 1);
    while (!actions.empty() && scope.actions.size() < max_actions) {
        const auto comma = actions.find(',');
        if (const auto action = actions.substr(0, comma); !action.empty()) {
            scope.actions.emplace_back(newer_spelling(action));
        }
        if (comma == std::string_view::npos) break;
        actions.remove_prefix(comma + 1);
    }
    return scope;
}

} // namespace

std::vector<TokenScope> TokenScope::parse_list(std::string_view text) {
    std::vector<TokenScope> out;
    while (!text.empty() && out.size() < max_scopes) {
        const auto space = text.find(' ');
        if (auto scope = parse_scope(text.substr(0, space))) out.push_back(std::move(*scope));
        if (space == std::string_view::npos) break;
        text.remove_prefix(space + 1);
    }
    return out;
}

std::string TokenScope::to_string() const { return fmt::format("{}:{}:{}", type, name, fmt::join(actions, ",")); }

bool Caller::narrowing_allows(std::string_view type, std::string_view scope_name, std::string_view action) const noexcept {
    if (!narrowed_to) return true;
    return std::ranges::any_of(*narrowed_to, [&](const TokenScope& scope) {
        return scope.type == type && (scope.name == scope_name || scope.name == "*") &&
               std::ranges::any_of(scope.actions, [&](const std::string& a) { return a == action || a == "*"; });
    });
}

} // namespace berth::identity
