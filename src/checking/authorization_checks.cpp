#include "checking/check_list.hpp"
#include "rbac/condition.hpp"
#include "rbac/role_definition.hpp"

namespace berth::checking {
namespace {

using storage::Session;

// Where a scope can end, as keys.
#define BERTH_PLACES                                                                                                           \
    "(select '/' union all select scope_key from resources union all select '/subscriptions/' || id from subscriptions "       \
    "union all select '/providers/microsoft.management/managementgroups/' || name_key from management_groups)"

Result<void> check_assignments(Inspection& inspection) {
    return inspection.snapshot([&](Session& session) -> Result<void> {
        auto rows = session.query("select a.id, a.role_definition_id, d.id is not null, a.condition, a.scope from "
                                  "role_assignments a left join role_definitions d on d.id = a.role_definition_id");
        if (!rows) return failure(std::move(rows));
        for (;;) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) return {};
            inspection.saw();
            const auto role = Guid::parse(rows->text(1));
            if (!rows->boolean(2) && (!role || rbac::find_built_in_role(*role) == nullptr)) {
                inspection.wrong(fmt::format("The role assignment {} at {} gives the role {}, which there is not.",
                                             rows->text(0), rows->text(4), rows->text(1)));
            }
            if (rows->is_null(3)) continue;
            if (auto condition = rbac::Condition::parse(rows->text(3)); !condition) {
                inspection.wrong(fmt::format("The role assignment {} at {} has a condition that cannot be read: {}",
                                             rows->text(0), rows->text(4), condition.error().message));
            }
        }
    });
}

} // namespace

std::vector<Check> authorization_checks() {
    return {
        {.name = "role-assignments",
         .promise =
             "Each role assignment gives a role that there is, at a place that there is, on a condition that can be read.",
         .wrong = {"select 'The role assignment ' || id || ' is at ' || scope || ', which there is not.' from role_assignments "
                   "where scope_key not in " BERTH_PLACES,
                   "select 'The role assignment ' || id || ' is known at another place than ' || scope from role_assignments "
                   "where scope_key <> lower(scope)"},
         .run = check_assignments},
        {.name = "role-definitions",
         .promise = "Custom roles can be read.",
         .counted = {"select count(*) from role_definitions"},
         .wrong = {"select 'The role ' || name || ' has permissions or scopes that are no JSON.' from role_definitions "
                   "where not (json_valid(permissions) and json_valid(assignable_scopes))",
                   "select 'The role ' || name || ' is known under another name: ' || name_key from role_definitions "
                   "where name_key <> lower(name)"}},
        {.name = "deny-assignments",
         .promise = "Each deny assignment is at a place that there is and can be read.",
         .counted = {"select count(*) from deny_assignments"},
         .wrong = {"select 'The deny assignment ' || id || ' is at ' || scope || ', which there is not.' from deny_assignments "
                   "where scope_key not in " BERTH_PLACES,
                   "select 'The deny assignment ' || id || ' has permissions or principals that are no JSON.' "
                   "from deny_assignments where not (json_valid(permissions) and json_valid(principals) and "
                   "json_valid(excluded_principals))"}},
        {.name = "locks",
         .promise = "Each lock is at a place that there is and locks in a way that berth knows.",
         .counted = {"select count(*) from resource_locks"},
         .wrong = {"select 'The lock ' || name || ' is at ' || scope || ', which there is not.' from resource_locks "
                   "where scope_key not in " BERTH_PLACES,
                   "select 'The lock ' || name || ' at ' || scope || ' locks as ' || level || ', which berth does not know.' "
                   "from resource_locks where level not in ('CanNotDelete', 'ReadOnly')"}},
    };
}

} // namespace berth::checking
