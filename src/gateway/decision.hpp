#pragma once

#include "base/result.hpp"
#include "gateway/permission.hpp"
#include "identity/caller.hpp"
#include "rbac/scope.hpp"
#include "tenant/world.hpp"

#include <string_view>

namespace berth::gateway {

/// What a permission is asked on: a registry (and a repository in it), an ARM scope, or the directory.
struct Target {
    const tenant::Registry* registry = nullptr;
    std::string_view repository;
    const rbac::Scope* scope = nullptr;

    static Target in_registry(const tenant::Registry& registry, std::string_view repository = {}) {
        return {&registry, repository, nullptr};
    }
    static Target at(const rbac::Scope& scope) { return {nullptr, {}, &scope}; }
    static Target in_directory() { return {}; }
};

/// The one place where berth decides. Nothing, or a refusal that says who lacked which action at which scope and which
/// built-in role would grant it: `forbidden`, `directory_forbidden`, or `unauthenticated` for the anonymous.
Result<void> decide(const tenant::World& world, const identity::Caller& caller, const Permission& permission,
                    const Target& target);
/// The same decision without the words, for lists and hot paths.
bool is_allowed(const tenant::World& world, const identity::Caller& caller, const Permission& permission, const Target& target);

} // namespace berth::gateway
