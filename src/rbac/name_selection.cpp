#include "rbac/name_selection.hpp"

#include <algorithm>
#include <utility>

namespace berth::rbac {
namespace {

bool any_begins(const std::vector<std::string>& prefixes, std::string_view text) noexcept {
    return std::ranges::any_of(prefixes, [&](const std::string& prefix) { return text.starts_with(prefix); });
}

// In sorted order whatever lies under a prefix follows it at once, so looking at the last one kept is enough.
void tidy(NameSelection& selection) {
    std::ranges::sort(selection.prefixes);
    std::vector<std::string> kept;
    for (auto& prefix : selection.prefixes) {
        if (kept.empty() || !prefix.starts_with(kept.back())) kept.push_back(std::move(prefix));
    }
    selection.prefixes = std::move(kept);
    if (!selection.prefixes.empty() && selection.prefixes.front().empty()) selection = NameSelection::everything();

    std::ranges::sort(selection.names);
    const auto repeated = std::ranges::unique(selection.names);
    selection.names.erase(repeated.begin(), repeated.end());
    std::erase_if(selection.names, [&](const std::string& name) {
        auto after = std::ranges::upper_bound(selection.prefixes, name);
        return after != selection.prefixes.begin() && name.starts_with(*std::prev(after));
    });
}

} // namespace

NameSelection NameSelection::everything() { return {.all = true, .names = {}, .prefixes = {}}; }

NameSelection NameSelection::name(std::string_view exactly) {
    return {.all = false, .names = {std::string(exactly)}, .prefixes = {}};
}

NameSelection NameSelection::prefix(std::string_view beginning) {
    if (beginning.empty()) return everything();
    return {.all = false, .names = {}, .prefixes = {std::string(beginning)}};
}

bool NameSelection::contains(std::string_view name) const noexcept {
    return all || std::ranges::find(names, name) != names.end() || any_begins(prefixes, name);
}

NameSelection& NameSelection::unite(const NameSelection& other) {
    if (all || other.all) return *this = everything();
    names.insert(names.end(), other.names.begin(), other.names.end());
    prefixes.insert(prefixes.end(), other.prefixes.begin(), other.prefixes.end());
    tidy(*this);
    return *this;
}

NameSelection& NameSelection::intersect(const NameSelection& other) {
    if (other.all) return *this;
    if (all) return *this = other;
    NameSelection both;
    for (const auto& name : names) {
        if (other.contains(name)) both.names.push_back(name);
    }
    for (const auto& name : other.names) {
        if (contains(name)) both.names.push_back(name);
    }
    // Of two prefixes only the longer can be what they share.
    for (const auto& prefix : prefixes) {
        if (any_begins(other.prefixes, prefix)) both.prefixes.push_back(prefix);
    }
    for (const auto& prefix : other.prefixes) {
        if (any_begins(prefixes, prefix)) both.prefixes.push_back(prefix);
    }
    tidy(both);
    return *this = std::move(both);
}

} // namespace berth::rbac
