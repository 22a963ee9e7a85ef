#include "tenant/world_reader.hpp"

#include "tenant/authorization_store.hpp"
#include "tenant/deny_assignment_store.hpp"
#include "tenant/world_changes.hpp"
#include "tenant/world_rows.hpp"
#include "tenant/world_update.hpp"

namespace berth::tenant {
namespace {

using storage::Session;

Result<rbac::PolicyInput> read_policy_input(Session& session, const WorldParts& parts) {
    auto roles = list_role_definitions(session);
    if (!roles) return failure(std::move(roles));
    auto assignments = list_role_assignments(session);
    if (!assignments) return failure(std::move(assignments));
    auto memberships = read_memberships(session);
    if (!memberships) return failure(std::move(memberships));
    auto deny_assignments = list_deny_assignments(session);
    if (!deny_assignments) return failure(std::move(deny_assignments));
    return rbac::PolicyInput{.custom_roles = rbac::SharedList(std::move(*roles)),
                             .assignments = rbac::SharedList(std::move(*assignments)),
                             .memberships = std::move(*memberships),
                             .deny_assignments = rbac::SharedList(std::move(*deny_assignments)),
                             .management_groups = management_group_memberships(parts)};
}

Result<WorldParts> read_parts(Session& session, const LoginServerNaming& naming) {
    auto sequence = newest_change(session);
    if (!sequence) return failure(std::move(sequence));
    auto places = read_places(session);
    if (!places) return failure(std::move(places));
    WorldParts parts = std::move(*places);
    parts.sequence = *sequence;
    auto registries = read_registries(session, naming);
    if (!registries) return failure(std::move(registries));
    parts.registries = std::move(*registries);
    auto principals = read_principals(session);
    if (!principals) return failure(std::move(principals));
    parts.principals = std::make_shared<const PrincipalTable>(std::move(*principals));
    auto tokens = read_tokens(session);
    if (!tokens) return failure(std::move(tokens));
    parts.tokens = std::move(*tokens);
    auto locks = read_locks(session);
    if (!locks) return failure(std::move(locks));
    parts.locks = std::move(*locks);
    auto input = read_policy_input(session, parts);
    if (!input) return failure(std::move(input));
    parts.policy = rbac::Policy::compile(std::move(*input));
    return parts;
}

// nullopt: read everything.
Result<std::optional<WorldParts>> try_changes(Session& session, const LoginServerNaming& naming, const World& previous) {
    auto changes = read_changes(session, previous.sequence());
    if (!changes) return failure(std::move(changes));
    if (!*changes) return std::optional<WorldParts>();
    auto parts = read_changed_parts(session, naming, previous, **changes);
    // Damage that reading everything may explain better, or not meet.
    if (!parts) return std::optional<WorldParts>();
    return std::optional(std::move(*parts));
}

} // namespace

Result<std::shared_ptr<const World>> read_world(Session& session, const LoginServerNaming& naming,
                                                const std::shared_ptr<const World>& previous) {
    if (previous && previous->sequence() >= 0) {
        auto parts = try_changes(session, naming, *previous);
        if (!parts) return failure(std::move(parts));
        if (*parts && (*parts)->sequence == previous->sequence()) return previous;
        if (*parts) return std::make_shared<const World>(previous->version + 1, std::move(**parts));
    }
    auto parts = read_parts(session, naming);
    if (!parts) return failure(std::move(parts));
    return std::make_shared<const World>(previous ? previous->version + 1 : 1, std::move(*parts));
}

} // namespace berth::tenant
