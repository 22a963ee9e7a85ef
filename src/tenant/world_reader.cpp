#include "tenant/world_reader.hpp"

#include "tenant/authorization_store.hpp"
#include "tenant/columns.hpp"
#include "tenant/deny_assignment_store.hpp"
#include "tenant/world_rows.hpp"

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

} // namespace

Result<std::shared_ptr<const World>> read_world(Session& session, const LoginServerNaming& naming, std::uint64_t version) {
    auto sequence = integer(session, "select max(sequence) from world_changes");
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
    auto input = read_policy_input(session, parts);
    if (!input) return failure(std::move(input));
    parts.policy = rbac::Policy::compile(std::move(*input));
    return std::make_shared<const World>(version, std::move(parts));
}

} // namespace berth::tenant
