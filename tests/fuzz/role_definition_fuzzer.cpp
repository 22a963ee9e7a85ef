#include "base/strict_json.hpp"
#include "control_plane/role_assignment_json.hpp"
#include "control_plane/role_definition_json.hpp"

#include <cstdint>
#include <cstdlib>

// What is read as a role must be within the limits and read the same again when it is written down.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth;
    const auto json = parse_json({reinterpret_cast<const char*>(data), size});
    if (!json) return 0;
    (void)control_plane::parse_role_assignment(*json);
    static const Guid id = *Guid::parse("11111111-2222-4333-8444-555555555555");
    const auto role = control_plane::parse_role_definition(*json, id);
    if (!role) return 0;
    if (role->name.empty() || role->assignable_scopes.empty() || role->permissions.empty()) std::abort();
    boost::json::array scopes;
    for (const auto& scope : role->assignable_scopes) scopes.emplace_back(scope.value());
    const boost::json::object written{{"roleName", role->name},
                                      {"description", role->description},
                                      {"permissions", rbac::to_json(role->permissions)},
                                      {"assignableScopes", std::move(scopes)}};
    const auto again = control_plane::parse_role_definition(boost::json::object{{"properties", written}}, id);
    if (!again || again->name != role->name || again->permissions != role->permissions ||
        again->assignable_scopes != role->assignable_scopes) {
        std::abort();
    }
    return 0;
}
