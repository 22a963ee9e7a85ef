#include "control_plane/elevate_access.hpp"

#include "gateway/context.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"
#include "tenant/authorization_store.hpp"

namespace berth::control_plane {
namespace {

using gateway::Context;
using http::Response;
using storage::Session;

const gateway::Permission& elevate() {
    static const gateway::Permission permission = gateway::directory_permission("Microsoft.Authorization/elevateAccess/action");
    return permission;
}

Task<Result<Response>> run(const Plane& plane, Context& context) {
    const Guid& principal = *context.caller().principal; // the entry lets nobody else in
    const auto* known = context.world().find_principal(principal);
    const rbac::RoleAssignment assignment{
        .id = Guid::random(),
        .scope = rbac::Scope::root(),
        .role_definition = rbac::find_built_in_role(std::string_view("User Access Administrator"))->id,
        .principal = principal,
        .principal_type = std::string(known != nullptr ? tenant::to_string(known->kind) : "User"),
        .condition = {},
        .description = std::nullopt,
        .created_at = context.now(),
        .created_by = context.actor(),
        .updated_at = context.now(),
        .updated_by = context.actor()};
    const auto write = [&](Session& session) -> Result<void> {
        auto now = context.world_in(session);
        if (!now) return failure(std::move(now));
        const auto* still = (*now)->find_principal(principal);
        if (still == nullptr || !still->global_administrator) {
            return failure(ErrorCode::directory_forbidden, "The directory role Global Administrator was taken away meanwhile.");
        }
        auto written = tenant::put_role_assignment(session, context.world().tenant_id, assignment);
        if (!written && written.error().code == ErrorCode::role_assignment_exists) return {};
        if (!written) return written;
        const auto event = context.event("elevateAccess", {{"id", assignment.id.value()}, {"principal", principal.value()}});
        return storage::append_event(session, context.now(), event);
    };
    auto writing = plane.services.database.write(write);
    auto written = co_await std::move(writing);
    if (!written) co_return failure(std::move(written));
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    co_return gateway::empty_response(200);
}

} // namespace

gateway::Route elevate_access_route(const std::shared_ptr<Plane>& plane) {
    gateway::Route route;
    route.id = "arm.elevateAccess";
    route.method = http::Method::post;
    route.pattern = "/providers/Microsoft.Authorization/elevateAccess";
    route.protocol = gateway::Protocol::resource_manager;
    route.entry = {gateway::EntryKind::all, {&elevate()}, {}};
    route.scope = "/";
    route.handler = [plane](Context& context) { return run(*plane, context); };
    route.summary = "Makes a Global Administrator User Access Administrator at the root";
    return route;
}

} // namespace berth::control_plane
