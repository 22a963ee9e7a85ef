#include "gateway/decision.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace berth::gateway {
namespace {

using identity::Caller;
using identity::CallerKind;

// The catalog is a thing of the registry, everything else one of a repository in it.
bool is_catalog(const Permission& permission) noexcept { return &permission == &permissions::catalog; }

bool narrowing_allows(const Caller& caller, const Permission& permission, const Target& target) {
    if (!caller.narrowed_to || target.beyond_narrowing) return true;
    if (permission.token_action.empty()) return false;
    if (is_catalog(permission)) return caller.narrowing_allows("registry", "catalog", "*");
    return caller.narrowing_allows("repository", target.repository, permission.token_action) ||
           (!permission.token_alternative.empty() &&
            caller.narrowing_allows("repository", target.repository, permission.token_alternative));
}

bool admin_user_may(const Permission& permission) noexcept {
    return &permission != &permissions::sign && !permission.token_action.empty();
}

bool anonymous_may(const Permission& permission) noexcept {
    using namespace permissions;
    return &permission == &pull || &permission == &list_tags || &permission == &metadata_read || &permission == &catalog;
}

// Who is deleted or disabled since they proved themselves holds nothing.
const tenant::RegistryToken* usable_token(const tenant::World& world, const Caller& caller) {
    const auto* token = world.find_token(*caller.token);
    return token != nullptr && token->enabled ? token : nullptr;
}

bool repository_token_may(const tenant::World& world, const Caller& caller, const Permission& permission,
                          const Target& target) {
    const auto* token = usable_token(world, caller);
    if (token == nullptr || target.registry == nullptr || token->registry != target.registry->id) return false;
    return !permission.scope_map_actions.empty() &&
           std::ranges::all_of(permission.scope_map_actions,
                               [&](tenant::TokenAction action) { return token->scope_map->allows(target.repository, action); });
}

const rbac::Scope& scope_of(const Target& target) noexcept {
    return target.registry != nullptr ? target.registry->scope : *target.scope;
}

const std::vector<rbac::Operation>& operations_of(const Permission& permission, const Target& target) noexcept {
    return permission.operations(target.registry != nullptr ? target.registry->mode
                                                            : tenant::RoleAssignmentMode::registry_permissions);
}

// Everything that a condition may look at.
rbac::Attributes attributes_of(const tenant::World& world, Timestamp now, const Guid& principal, const Target& target) {
    rbac::Attributes out = target.attributes;
    out.repository = target.repository;
    out.now = now;
    if (const auto* found = world.find_principal(principal)) out.principal = found->security_attributes;
    return out;
}

bool gives_or_takes_roles(rbac::Operation operation) {
    static const auto write = rbac::Operation::known("Microsoft.Authorization/roleAssignments/write");
    static const auto remove = rbac::Operation::known("Microsoft.Authorization/roleAssignments/delete");
    return operation == write || operation == remove;
}

rbac::Decision decision_of(const tenant::World& world, const rbac::Subject& subject, rbac::Operation operation,
                           const Target& target, const rbac::Attributes& attributes) {
    // The right to give roles is asked for, and no role is named: moving a subscription gives all those that are assigned
    // where it comes to lie. "Any role but Owner" would hold for want of a role, so no condition counts.
    if (gives_or_takes_roles(operation) && !attributes.requested_assignment && !attributes.existing_assignment) {
        return world.policy->decide_without_conditions(subject, operation, scope_of(target));
    }
    return world.policy->decide(subject, operation, scope_of(target), attributes);
}

bool holds(const tenant::World& world, const rbac::Subject& subject, rbac::Operation operation, const Target& target,
           const rbac::Attributes& attributes) {
    if (target.conditions_met) return world.policy->may_be_allowed(subject, operation, scope_of(target));
    return decision_of(world, subject, operation, target, attributes).allowed;
}

// What ACR puts into `detail`: one object per missing action, with capitalised keys.
boost::json::array missing_scope(const Permission& permission, const Target& target) {
    boost::json::array out;
    if (permission.challenge.empty()) return out;
    const bool catalog = is_catalog(permission);
    std::string_view rest = permission.challenge;
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        out.push_back(boost::json::object{{"Type", catalog ? "registry" : "repository"},
                                          {"Name", catalog ? std::string_view("catalog") : target.repository},
                                          {"Action", rest.substr(0, comma)}});
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return out;
}

std::string place(const Target& target) {
    if (target.repository.empty()) return fmt::format("over scope '{}'", scope_of(target).value());
    return fmt::format("on repository '{}' over scope '{}'", target.repository, scope_of(target).value());
}

// `'name' with object id 'id'`, as Azure says it; the name is the one that people know.
std::string who(const tenant::World& world, const Caller& caller) {
    const auto* principal = world.find_principal(*caller.principal);
    return fmt::format("'{}' with object id '{}'", principal != nullptr ? principal->display_name : caller.name,
                       caller.principal->value());
}

// Which groups the caller is in by the word of an outside issuer: where somebody looks for the role that they miss.
std::string outside_groups_of(const tenant::World& world, const Caller& caller) {
    constexpr std::size_t most_named = 10;
    if (caller.outside_groups.empty()) return {};
    std::vector<std::string> names;
    for (const Guid& link : caller.outside_groups.links) {
        for (const Guid& group : world.policy->groups_of(link)) {
            const auto* found = world.find_principal(group);
            names.push_back(found != nullptr ? found->display_name : group.value());
        }
    }
    if (names.empty()) return " The groups that an outside issuer named for it are linked to no group here any more.";
    std::ranges::sort(names);
    const auto again = std::ranges::unique(names);
    names.erase(again.begin(), again.end());
    const std::size_t count = names.size();
    names.resize(std::min(count, most_named));
    return fmt::format(" What the groups '{}'{} may do was counted as well: an outside issuer says that it is in them.",
                       fmt::join(names, "' '"), count > most_named ? " and others" : "");
}

// Azure's sentences word for word, since people and scripts know them. No commas in what follows them: they do not survive a
// challenge, which is all that docker shows.
std::unexpected<Error> refuse_denied(const tenant::World& world, const Caller& caller, rbac::Operation operation,
                                     const Target& target, const rbac::Attributes& attributes,
                                     const rbac::DenyAssignment& denied_by, boost::json::array detail) {
    const auto explanation = world.policy->explain(caller.subject(), operation, scope_of(target), attributes);
    const bool granted = std::ranges::any_of(explanation.considered, [](const rbac::Considered& considered) {
        return considered.verdict == rbac::Verdict::granted;
    });
    Error error{ErrorCode::forbidden,
                fmt::format("The client {} {} perform action '{}' {} scope '{}'; however, the access is denied because of the "
                            "deny assignment with name '{}' and Id '{}' at scope '{}'. No role helps against it: it has to be "
                            "deleted or has to exclude this client.",
                            who(world, caller), granted ? "has permission to" : "does not have authorization to",
                            operation.name(), granted ? "on" : "over", scope_of(target).value(), denied_by.name,
                            denied_by.id.value(), denied_by.scope.value())};
    error.detail = std::move(detail);
    if (target.registry == nullptr) error.protocol_code = "DenyAssignmentAuthorizationFailed";
    return std::unexpected(std::move(error));
}

std::unexpected<Error> refuse_principal(const tenant::World& world, Timestamp now, const Caller& caller,
                                        const Permission& permission, const Target& target) {
    const auto& operations = operations_of(permission, target);
    if (operations.empty()) {
        return failure(ErrorCode::forbidden,
                       fmt::format("'{}' does not exist in a registry with repository permissions; no role grants it. "
                                   "Sign with notation instead, which stores signatures as referrers.",
                                   permission.name),
                       missing_scope(permission, target));
    }
    const rbac::Attributes attributes = attributes_of(world, now, *caller.principal, target);
    std::string missing;
    const rbac::RoleAssignment* unmet = nullptr;
    for (const auto operation : operations) {
        if (holds(world, caller.subject(), operation, target, attributes)) continue;
        const auto decision = decision_of(world, caller.subject(), operation, target, attributes);
        if (decision.denied_by != nullptr) {
            return refuse_denied(world, caller, operation, target, attributes, *decision.denied_by,
                                 missing_scope(permission, target));
        }
        if (unmet == nullptr) unmet = decision.condition_not_met;
        if (!missing.empty()) missing += "' and '";
        missing += operation.name();
    }
    std::string message = fmt::format(
        "The client {} does not have authorization {}to perform action '{}' over scope '{}' or the scope is invalid.",
        who(world, caller), unmet != nullptr ? "or an ABAC condition not fulfilled " : "", missing, scope_of(target).value());
    if (!target.repository.empty()) message += fmt::format(" The repository is '{}'.", target.repository);
    if (unmet != nullptr) {
        const auto* role = world.policy->find_role(unmet->role_definition);
        message +=
            fmt::format(" The role '{}' would grant it: the condition of its assignment '{}' at scope '{}' does not hold "
                        "for {}.",
                        role != nullptr ? role->name : unmet->role_definition.value(), unmet->id.value(), unmet->scope.value(),
                        target.repository.empty() ? "this request" : "this repository");
    }
    message += outside_groups_of(world, caller);
    if (const auto* role = rbac::smallest_role(operations)) {
        message += fmt::format(" The smallest built-in role that grants it there is '{}': an assignment {}counts at once "
                               "and needs no new login.",
                               role->name, unmet != nullptr ? "whose condition lets it pass " : "");
    } else {
        message += " No built-in role grants it; a custom role with this action does.";
    }
    if (const auto* principal = world.find_principal(*caller.principal); principal && principal->application_id) {
        message += fmt::format(" The client's application id is '{}'.", principal->application_id->value());
    }
    return failure(ErrorCode::forbidden, std::move(message), missing_scope(permission, target));
}

std::unexpected<Error> refuse_token(const tenant::World& world, const Caller& caller, const Permission& permission,
                                    const Target& target) {
    const auto* token = usable_token(world, caller);
    if (token == nullptr) {
        return failure(ErrorCode::invalid_credentials,
                       fmt::format("The repository token '{}' is deleted or disabled.", caller.name));
    }
    if (target.registry == nullptr || token->registry != target.registry->id || permission.scope_map_actions.empty()) {
        return failure(
            ErrorCode::forbidden,
            fmt::format("The repository token '{}' can do in the repositories of its own registry what its scope map "
                        "'{}' says and nothing else; '{}' needs a role assigned to a principal.",
                        caller.name, token->scope_map_name, permission.name),
            missing_scope(permission, target));
    }
    std::string missing;
    for (const auto action : permission.scope_map_actions) {
        if (token->scope_map->allows(target.repository, action)) continue;
        missing += fmt::format("{}repositories/{}/{}", missing.empty() ? "" : "' and '", target.repository, to_string(action));
    }
    return failure(
        ErrorCode::forbidden,
        fmt::format("The repository token '{}' of the registry '{}' does not have authorization to perform '{}': its "
                    "scope map '{}' does not include it. Added there it counts at once and needs no new login.",
                    caller.name, target.registry->name, missing, token->scope_map_name),
        missing_scope(permission, target));
}

Result<void> decide_in_directory(const tenant::World& world, const Caller& caller, const Permission& permission) {
    if (!caller.principal) return failure(ErrorCode::unauthenticated, "This needs a signed-in user or application.");
    const auto* principal = world.find_principal(*caller.principal);
    if (principal != nullptr && principal->global_administrator) return {};
    if (principal != nullptr && permission.members_hold && principal->kind == tenant::PrincipalKind::user) return {};
    return failure(ErrorCode::directory_forbidden,
                   fmt::format("Insufficient privileges to complete the operation. The client {} lacks the directory "
                               "permission '{}'. Roles on resources, Owner included, do not grant it; the directory "
                               "role Global Administrator does.",
                               who(world, caller), permission.directory_permission));
}

} // namespace

bool is_allowed(const tenant::World& world, Timestamp now, const Caller& caller, const Permission& permission,
                const Target& target) {
    if (!permission.directory_permission.empty()) return decide_in_directory(world, caller, permission).has_value();
    if (!narrowing_allows(caller, permission, target)) return false;
    // A credential of one registry is worth nothing anywhere else.
    if (caller.registry && (target.registry == nullptr || *caller.registry != target.registry->id)) return false;
    switch (caller.kind) {
    case CallerKind::anonymous:
        return target.registry != nullptr && target.registry->anonymous_pull_enabled && anonymous_may(permission);
    case CallerKind::admin_user:
        return target.registry != nullptr && target.registry->admin_user_enabled && admin_user_may(permission);
    case CallerKind::repository_token: return repository_token_may(world, caller, permission, target);
    case CallerKind::principal: break;
    }
    const auto& operations = operations_of(permission, target);
    if (operations.empty()) return false;
    const rbac::Attributes attributes = attributes_of(world, now, *caller.principal, target);
    return std::ranges::all_of(
        operations, [&](rbac::Operation operation) { return holds(world, caller.subject(), operation, target, attributes); });
}

Result<void> decide(const tenant::World& world, Timestamp now, const Caller& caller, const Permission& permission,
                    const Target& target) {
    if (!permission.directory_permission.empty()) return decide_in_directory(world, caller, permission);
    if (is_allowed(world, now, caller, permission, target)) return {};
    if (!narrowing_allows(caller, permission, target)) {
        return failure(ErrorCode::forbidden,
                       fmt::format("The token was not issued for '{}' {}: ask for a token with that scope.", permission.name,
                                   place(target)),
                       missing_scope(permission, target));
    }
    switch (caller.kind) {
    case CallerKind::anonymous:
        return failure(ErrorCode::unauthenticated,
                       fmt::format("'{}' {} needs a login: anonymous access {}.", permission.name, place(target),
                                   target.registry != nullptr && target.registry->anonymous_pull_enabled
                                       ? "covers pulling only"
                                       : "is not enabled on this registry"),
                       missing_scope(permission, target));
    case CallerKind::admin_user:
        return failure(ErrorCode::forbidden,
                       fmt::format("The admin user '{}' may pull, push and delete in its own registry while it is "
                                   "enabled, and nothing else; '{}' needs a role assigned to a principal.",
                                   caller.name, permission.name),
                       missing_scope(permission, target));
    case CallerKind::repository_token: return refuse_token(world, caller, permission, target);
    case CallerKind::principal: break;
    }
    return refuse_principal(world, now, caller, permission, target);
}

} // namespace berth::gateway
