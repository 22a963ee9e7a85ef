#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace berth::rbac {

/// Some of all repository names, as lists look for them: by name and by range. It may hold more than was meant (what it
/// names is decided one by one afterwards), never less. Plain value.
struct NameSelection {
    bool all = false;                  ///< every name; the two lists are then empty
    std::vector<std::string> names;    ///< these names exactly
    std::vector<std::string> prefixes; ///< every name that begins so

    static NameSelection everything();
    static NameSelection nothing() { return {}; }
    static NameSelection name(std::string_view exactly);
    /// The empty prefix is everything.
    static NameSelection prefix(std::string_view beginning);

    bool empty() const noexcept { return !all && names.empty() && prefixes.empty(); }
    bool contains(std::string_view name) const noexcept;

    /// What either holds. Sorted, and nothing is in it twice: no name under one of its prefixes, no prefix under another.
    NameSelection& unite(const NameSelection& other);
    /// What both hold, in the same form.
    NameSelection& intersect(const NameSelection& other);
    bool operator==(const NameSelection&) const = default;
};

} // namespace berth::rbac
