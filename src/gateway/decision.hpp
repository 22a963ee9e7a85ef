#pragma once

#include "base/result.hpp"
#include "gateway/permission.hpp"
#include "identity/caller.hpp"
#include "rbac/attributes.hpp"
#include "rbac/scope.hpp"
#include "tenant/world.hpp"

#include <string_view>

namespace berth::gateway {

/// What a permission is asked on: a registry (and a repository in it), an ARM scope, or the directory.
struct Target {
    const tenant::Registry* registry = nullptr;
    std::string_view repository{};
    const rbac::Scope* scope = nullptr;
    /// What conditions may look at beside the repository, the principal and the time, which the decision adds.
    rbac::Attributes attributes{};
    /// Whether conditions are taken as met: could this be allowed, whatever the request turns out to be about?
    bool conditions_met = false;
    /// Whether it does not matter which repositories the caller's token was asked for (items of a list).
    bool beyond_narrowing = false;

    static Target in_registry(const tenant::Registry& registry, std::string_view repository = {}) {
        return {.registry = &registry, .repository = repository};
    }
    static Target at(const rbac::Scope& scope, const rbac::Attributes& attributes = {}) {
        return {.scope = &scope, .attributes = attributes};
    }
    static Target in_directory() { return {}; }
};

/// The one place where berth decides. Nothing, or a refusal that says who lacked which action at which scope and which
/// built-in role would grant it: `forbidden`, `directory_forbidden`, or `unauthenticated` for the anonymous.
/// `now` is the time that conditions see.
Result<void> decide(const tenant::World& world, Timestamp now, const identity::Caller& caller, const Permission& permission,
                    const Target& target);
/// The same decision without the words, for lists and hot paths.
bool is_allowed(const tenant::World& world, Timestamp now, const identity::Caller& caller, const Permission& permission,
                const Target& target);

} // namespace berth::gateway
