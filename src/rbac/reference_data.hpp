#pragma once

#include <string_view>

namespace berth::rbac {

/// The files of `data/`, as they are compiled in. Operations: `{"operations":[{"name","isDataAction"}]}`, some
/// with `alsoMatchedAs`; roles: `{"roles":[{"id","roleName","description","concerns","permissions"}]}`.
extern const std::string_view provider_operations_json;
extern const std::string_view arm_operations_json;
extern const std::string_view built_in_roles_json;

} // namespace berth::rbac
