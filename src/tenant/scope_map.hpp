#pragma once

#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::tenant {

/// What a scope map can allow in a repository, in Azure's words `content/read`, `content/write`, `content/delete`,
/// `metadata/read`, `metadata/write`.
enum class TokenAction : std::uint8_t { content_read, content_write, content_delete, metadata_read, metadata_write };
inline constexpr std::array all_token_actions{TokenAction::content_read, TokenAction::content_write,
                                              TokenAction::content_delete, TokenAction::metadata_read,
                                              TokenAction::metadata_write};
std::string_view to_string(TokenAction action) noexcept;

/// One line of a scope map, `repositories/{name}/content/read`. The name is one repository's, `*`, or `name/*` for what lies
/// below `name` (not `name` itself).
struct ScopeMapEntry {
    TokenAction action = TokenAction::content_read;
    std::string repository; ///< lower case: a name; with `is_prefix` the beginning, `/` at its end or empty for all
    bool is_prefix = false;
    bool operator==(const ScopeMapEntry&) const = default;

    /// `invalid_parameter` with what would be right. Letter case does not matter.
    static Result<ScopeMapEntry> parse(std::string_view text);
    /// As Azure's command line writes it: lower case.
    std::string to_string() const;
};

/// What a repository token may do: the entries of its scope map. Immutable.
class ScopeMap {
public:
    static constexpr std::size_t max_entries = 500;

    ScopeMap() = default;
    explicit ScopeMap(std::vector<ScopeMapEntry> entries);

    bool allows(std::string_view repository, TokenAction action) const noexcept;
    /// Whether there is a repository on which it could allow this.
    bool may_allow(TokenAction action) const noexcept;
    std::span<const ScopeMapEntry> entries() const noexcept { return entries_; }
    bool operator==(const ScopeMap&) const = default;

private:
    std::vector<ScopeMapEntry> entries_; // sorted: names first, then prefixes
};

/// The scope maps that every registry has, and nobody can change or delete.
struct SystemScopeMap {
    std::string_view name;
    std::string_view description;
    std::span<const TokenAction> actions; ///< on every repository
};
std::span<const SystemScopeMap> system_scope_maps() noexcept;
/// Without regard to case.
bool is_system_scope_map(std::string_view name) noexcept;

} // namespace berth::tenant
