#include "app/client/assigning.hpp"

#include "base/guid.hpp"

#include <boost/json/object.hpp>

namespace berth::app {

Result<boost::json::value> assign_role(Session& session, const std::string& scope, const std::string& role,
                                       const DirectoryName& principal, const AssignmentTerms& terms) {
    auto definition = resolve_role(session, scope, role);
    if (!definition) return failure(std::move(definition));
    boost::json::object properties{{"roleDefinitionId", *definition}, {"principalId", principal.id}};
    if (!principal.type.empty()) properties["principalType"] = principal.type;
    if (!terms.description.empty()) properties["description"] = terms.description;
    if (!terms.condition.empty()) {
        properties["condition"] = terms.condition;
        properties["conditionVersion"] = "2.0";
    }
    return session.arm("PUT", scope + "/providers/Microsoft.Authorization/roleAssignments/" + Guid::random().value(),
                       boost::json::object{{"properties", std::move(properties)}});
}

std::string spoken_scope(const std::string& scope) { return scope.empty() ? "/" : scope; }

} // namespace berth::app
