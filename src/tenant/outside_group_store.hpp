#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "storage/database.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The links between groups of outside issuers and groups of the directory: functions for closures of `Database::read` and
/// `write`. To the policy a link is a member of its group like any other (`rbac::Subject`).
namespace berth::tenant {

/// What an outside issuer calls a group.
struct OutsideGroup {
    std::string issuer; ///< exactly the tokens' `iss`
    std::string value;  ///< exactly what their claim of groups holds
    bool operator==(const OutsideGroup&) const = default;
};

/// How many one group of the directory can be linked to.
inline constexpr std::size_t max_outside_groups = 64;

/// Links the group to these and to no others. Links that were there already stay the same ones; one that is made anew has
/// another id, so that nothing which was made with the old one counts again. `limit_exceeded`.
Result<void> set_outside_groups(storage::Session& session, const Guid& group, std::span<const OutsideGroup> linked);

/// The ids of all links of these groups of one issuer.
Result<std::vector<Guid>> links_of_outside_groups(storage::Session& session, std::string_view issuer,
                                                  std::span<const std::string> values);

} // namespace berth::tenant
