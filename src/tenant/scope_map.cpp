#include "tenant/scope_map.hpp"

#include "base/encoding.hpp"
#include "base/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace berth::tenant {
namespace {

constexpr std::array pull{TokenAction::content_read};
constexpr std::array push{TokenAction::content_read, TokenAction::content_write};
constexpr std::array pull_metadata_read{TokenAction::content_read, TokenAction::metadata_read};
constexpr std::array push_metadata_write{TokenAction::content_read, TokenAction::content_write, TokenAction::metadata_read,
                                         TokenAction::metadata_write};

constexpr std::array system_maps{
    SystemScopeMap{"_repositories_admin", "Can perform all read, write and delete operations on the registry",
                   all_token_actions},
    SystemScopeMap{"_repositories_pull", "Can pull any repository of the registry", pull},
    SystemScopeMap{"_repositories_pull_metadata_read", "Can perform all read operations on the registry", pull_metadata_read},
    SystemScopeMap{"_repositories_push", "Can push to any repository of the registry", push},
    SystemScopeMap{"_repositories_push_metadata_write", "Can perform all read and write operations on the registry",
                   push_metadata_write},
};

std::unexpected<Error> invalid_action(std::string_view text) {
    return failure(ErrorCode::invalid_parameter,
                   fmt::format("'{}' is no action of a scope map. Write repositories/{{name}}/content/read (or content/write, "
                               "content/delete, metadata/read, metadata/write), where the name is a repository's, '*', or ends "
                               "in '/*'.",
                               text.substr(0, 300)));
}

} // namespace

std::string_view to_string(TokenAction action) noexcept {
    switch (action) {
    case TokenAction::content_read: return "content/read";
    case TokenAction::content_write: return "content/write";
    case TokenAction::content_delete: return "content/delete";
    case TokenAction::metadata_read: return "metadata/read";
    case TokenAction::metadata_write: break;
    }
    return "metadata/write";
}

Result<ScopeMapEntry> ScopeMapEntry::parse(std::string_view text) {
    constexpr std::string_view beginning = "repositories/";
    const std::string lowered = to_lower(text);
    std::string_view name = lowered;
    if (!name.starts_with(beginning)) return invalid_action(text);
    name.remove_prefix(beginning.size());
    std::optional<TokenAction> action;
    for (const TokenAction one : all_token_actions) {
        const std::string_view word = tenant::to_string(one);
        if (name.size() <= word.size() + 1 || !name.ends_with(word) || name[name.size() - word.size() - 1] != '/') continue;
        action = one;
        name.remove_suffix(word.size() + 1);
        break;
    }
    if (!action) return invalid_action(text);
    if (name == "*") return ScopeMapEntry{.action = *action, .repository = {}, .is_prefix = true};
    const bool is_prefix = name.ends_with("/*");
    if (!RepositoryName::parse(is_prefix ? name.substr(0, name.size() - 2) : name)) return invalid_action(text);
    return ScopeMapEntry{.action = *action,
                         .repository = std::string(is_prefix ? name.substr(0, name.size() - 1) : name),
                         .is_prefix = is_prefix};
}

std::string ScopeMapEntry::to_string() const {
    return fmt::format("repositories/{}{}/{}", repository, is_prefix ? "*" : "", tenant::to_string(action));
}

ScopeMap::ScopeMap(std::vector<ScopeMapEntry> entries) : entries_(std::move(entries)) {
    std::ranges::sort(entries_, {},
                      [](const ScopeMapEntry& entry) { return std::tie(entry.is_prefix, entry.repository, entry.action); });
    const auto repeated = std::ranges::unique(entries_);
    entries_.erase(repeated.begin(), repeated.end());
}

bool ScopeMap::allows(std::string_view repository, TokenAction action) const noexcept {
    return std::ranges::any_of(entries_, [&](const ScopeMapEntry& entry) {
        if (entry.action != action) return false;
        if (!entry.is_prefix) return entry.repository == repository;
        return repository.size() > entry.repository.size() && repository.starts_with(entry.repository);
    });
}

bool ScopeMap::may_allow(TokenAction action) const noexcept {
    return std::ranges::any_of(entries_, [&](const ScopeMapEntry& entry) { return entry.action == action; });
}

std::span<const SystemScopeMap> system_scope_maps() noexcept { return system_maps; }

bool is_system_scope_map(std::string_view name) noexcept {
    return std::ranges::any_of(system_maps, [&](const SystemScopeMap& map) { return equals_ignoring_case(map.name, name); });
}

} // namespace berth::tenant
