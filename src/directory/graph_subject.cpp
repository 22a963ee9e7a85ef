#include "directory/graph_subject.hpp"

#include "directory/graph_routes.hpp"
#include "tenant/directory_store.hpp"

namespace berth::directory {

using tenant::Principal;
using tenant::PrincipalKind;

Result<Guid> resolve_in(storage::Session& session, const gateway::Context& context, const GraphType& type) {
    const std::string_view key = context.parameter("id");
    const auto id = Guid::parse(key);
    if (!id && type.kind != PrincipalKind::user) return object_id(context);
    if (type.kind) {
        const Principal* principal = id ? context.world().find_principal(*id) : context.world().find_user(key);
        if (principal != nullptr && principal->kind == *type.kind) return principal->id;
        return no_such_resource(key);
    }
    auto application = tenant::read_application(session, *id);
    if (application) return *id;
    if (application.error().code == ErrorCode::not_found) return no_such_resource(key);
    return failure(std::move(application));
}

Result<Guid> signed_in_user(const gateway::Context& context) {
    const Principal* caller =
        context.caller().principal ? context.world().find_principal(*context.caller().principal) : nullptr;
    if (caller != nullptr && caller->kind == PrincipalKind::user) return caller->id;
    return failure(ErrorCode::invalid_parameter,
                   "/me request is only valid with delegated authentication flow: sign in as a user, or ask for "
                   "/servicePrincipals/{id}.");
}

} // namespace berth::directory
