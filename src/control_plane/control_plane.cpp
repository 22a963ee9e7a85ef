#include "control_plane/control_plane.hpp"

#include "control_plane/activity_log.hpp"
#include "control_plane/api_version.hpp"
#include "control_plane/cache_rules.hpp"
#include "control_plane/cloud_metadata.hpp"
#include "control_plane/credential_sets.hpp"
#include "control_plane/deny_assignments.hpp"
#include "control_plane/elevate_access.hpp"
#include "control_plane/features.hpp"
#include "control_plane/locks.hpp"
#include "control_plane/management_group_members.hpp"
#include "control_plane/management_groups.hpp"
#include "control_plane/name_availability.hpp"
#include "control_plane/operations.hpp"
#include "control_plane/plane.hpp"
#include "control_plane/provider_operations.hpp"
#include "control_plane/registries.hpp"
#include "control_plane/repository_tokens.hpp"
#include "control_plane/resource_groups.hpp"
#include "control_plane/resource_moves.hpp"
#include "control_plane/resource_routes.hpp"
#include "control_plane/resource_tags.hpp"
#include "control_plane/role_assignments.hpp"
#include "control_plane/role_definitions.hpp"
#include "control_plane/scope_maps.hpp"
#include "control_plane/subscription_aliases.hpp"
#include "control_plane/subscriptions.hpp"
#include "control_plane/tag_names.hpp"
#include "control_plane/types_not_offered.hpp"
#include "control_plane/user_assigned_identities.hpp"
#include "control_plane/webhooks.hpp"

namespace berth::control_plane {
namespace {

// Every resource type of this berth.
std::vector<ResourceType> resource_types(const gateway::Services& services, PrepareLoginServer prepare_login_server) {
    std::vector<ResourceType> out;
    out.push_back(resource_groups());
    out.push_back(registries(std::move(prepare_login_server)));
    out.push_back(scope_maps());
    out.push_back(repository_tokens());
    out.push_back(webhooks(services.seal));
    out.push_back(cache_rules());
    out.push_back(credential_sets());
    out.push_back(user_assigned_identities());
    out.push_back(identity_federated_credentials(services.trusted_issuers));
    for (ResourceType& type : types_not_offered()) out.push_back(std::move(type));
    return out;
}

} // namespace

ControlPlane::ControlPlane(gateway::Services services, PrepareLoginServer prepare_login_server)
    : plane_(std::make_shared<Plane>(services, resource_types(services, std::move(prepare_login_server)))) {}
ControlPlane::~ControlPlane() = default;

Result<void> ControlPlane::resume() { return plane_->preparer().resume(); }

std::vector<gateway::Route> ControlPlane::routes() {
    std::vector<gateway::Route> out{cloud_metadata_route(plane_), name_availability_route(plane_),
                                    elevate_access_route(plane_)};
    for (auto routes :
         {subscription_routes(plane_), resource_routes(plane_), role_definition_routes(plane_), role_assignment_routes(plane_),
          deny_assignment_routes(plane_), management_group_routes(plane_), management_group_member_routes(plane_),
          provider_operation_routes(plane_), operation_routes(plane_), lock_routes(plane_), subscription_alias_routes(plane_),
          resource_move_routes(plane_), resource_tag_routes(plane_), tag_name_routes(plane_), feature_routes(plane_),
          activity_log_routes(plane_)}) {
        std::ranges::move(routes, std::back_inserter(out));
    }
    for (gateway::Route& route : out) {
        if (route.entry.kind != gateway::EntryKind::open) route.handler = check_api_version(std::move(route.handler));
    }
    return out;
}

} // namespace berth::control_plane
