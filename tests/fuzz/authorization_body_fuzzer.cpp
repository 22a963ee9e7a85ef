#include "base/strict_json.hpp"
#include "control_plane/deny_assignment_json.hpp"
#include "control_plane/management_group_json.hpp"
#include "control_plane/role_assignment_json.hpp"
#include "control_plane/role_rules.hpp"
#include "tenant/testing/world_builder.hpp"

#include <boost/json/array.hpp>

#include <cstdint>
#include <cstdlib>

// Bodies of deny assignments, management groups and role assignments: what is taken is within the rules, and a deny
// assignment reads the same again when it is written down.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth;
    static const tenant::World world = tenant::WorldBuilder().build();
    const auto json = parse_json({reinterpret_cast<const char*>(data), size});
    if (!json) return 0;
    const auto assignment = control_plane::parse_role_assignment(*json);
    if (assignment && assignment->condition && assignment->condition->text().empty()) std::abort();
    const auto group = control_plane::parse_management_group(*json);
    if (group && group->parent && !tenant::is_management_group_name(*group->parent) &&
        group->parent->find('/') != std::string::npos) {
        std::abort();
    }
    const auto body = control_plane::parse_deny_assignment(*json, world);
    if (!body) return 0;
    if (body->name.empty() || body->principals.empty() || body->permissions.empty()) std::abort();
    const rbac::DenyAssignment kept{.id = Guid::random(),
                                    .name = body->name,
                                    .description = body->description,
                                    .permissions = body->permissions,
                                    .scope = rbac::Scope::root(),
                                    .does_not_apply_to_child_scopes = body->does_not_apply_to_child_scopes,
                                    .principals = body->principals,
                                    .excluded_principals = body->excluded_principals,
                                    .system_protected = false,
                                    .created_at = {},
                                    .created_by = {},
                                    .updated_at = {},
                                    .updated_by = {}};
    for (const rbac::Permission& permission : body->permissions) {
        if (!permission.data_actions.empty() || permission.condition) std::abort();
        for (const std::string& action : permission.actions) {
            if (!control_plane::is_known_pattern(action, false)) std::abort();
        }
    }
    const auto again = control_plane::parse_deny_assignment(control_plane::to_json(kept), world);
    if (!again || again->permissions != body->permissions || again->principals != body->principals ||
        again->excluded_principals != body->excluded_principals) {
        std::abort();
    }
    return 0;
}
