#include "data_plane/token_access.hpp"

#include "gateway/decision.hpp"

#include <algorithm>
#include <array>

namespace berth::data_plane {
namespace {

using identity::Caller;
using identity::CallerKind;
using identity::TokenScope;

struct Word {
    std::string_view action;
    const gateway::Permission* permission;
};

// What each word of a repository scope stands for. `push` alone does not include `pull`; clients ask for both.
const std::array<Word, 5>& words() {
    using namespace gateway::permissions;
    static const std::array<Word, 5> table{{{"pull", &pull},
                                            {"push", &push},
                                            {"delete", &delete_content},
                                            {"metadata_read", &metadata_read},
                                            {"metadata_write", &metadata_write}}};
    return table;
}

std::vector<std::string> granted_actions(const tenant::World& world, const tenant::Registry& registry, Timestamp now,
                                         const Caller& caller, const TokenScope& asked) {
    std::vector<std::string> out;
    const bool all = std::ranges::find(asked.actions, "*") != asked.actions.end();
    for (const Word& word : words()) {
        if (!all && std::ranges::find(asked.actions, word.action) == asked.actions.end()) continue;
        if (gateway::is_allowed(world, now, caller, *word.permission, gateway::Target::in_registry(registry, asked.name))) {
            out.emplace_back(word.action);
        }
    }
    if (all && out.size() == words().size()) return {"*"};
    return out;
}

std::vector<TokenScope> anonymous_access(const std::vector<TokenScope>& asked) {
    const bool catalog = std::ranges::any_of(asked, [](const TokenScope& scope) { return scope.type == "registry"; });
    if (catalog) return {{"registry", "catalog", {"*"}}};
    return {{"repository", "*", {"pull"}}};
}

} // namespace

std::vector<TokenScope> granted_access(const tenant::World& world, const tenant::Registry& registry, Timestamp now,
                                       const Caller& caller, const std::vector<TokenScope>& asked) {
    if (caller.kind == CallerKind::anonymous) return anonymous_access(asked);
    std::vector<TokenScope> out;
    for (const TokenScope& scope : asked) {
        if (scope.type == "repository") {
            auto actions = granted_actions(world, registry, now, caller, scope);
            if (!actions.empty()) out.push_back({scope.type, scope.name, std::move(actions)});
        } else if (scope.type == "registry" && scope.name == "catalog") {
            if (gateway::is_allowed(world, now, caller, gateway::permissions::catalog,
                                    gateway::Target::in_registry(registry))) {
                out.push_back({scope.type, scope.name, {"*"}});
            }
        }
    }
    return out;
}

} // namespace berth::data_plane
