#include "control_plane/resource_moves.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/known_members.hpp"
#include "control_plane/operations.hpp"
#include "gateway/context.hpp"
#include "gateway/lock_check.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::control_plane {
namespace {

using gateway::Context;
using gateway::LockedAction;
using gateway::Permission;
using http::Response;
using storage::Session;
using tenant::Resource;

constexpr std::uint64_t largest_body = std::uint64_t{256} << 10;
constexpr std::size_t most_resources = 800; // as in Azure

std::unexpected<Error> invalid(std::string message) {
    return arm_failure(ErrorCode::invalid_parameter, "InvalidMoveResourcesRequest", std::move(message));
}

struct Wanted {
    std::vector<rbac::Scope> resources;
    rbac::Scope target = rbac::Scope::root();
};

Result<Wanted> parse_wanted(const boost::json::value& body, const rbac::Scope& group) {
    static constexpr std::array<std::string_view, 2> known{"resources", "targetResourceGroup"};
    if (!body.is_object()) return invalid("The request content must be {\"resources\": […], \"targetResourceGroup\": \"…\"}.");
    if (auto checked = check_known_members(body, known, "the request"); !checked) return failure(std::move(checked));
    const auto ids = find_strings(body, "resources");
    if (!ids || ids->empty() || ids->size() > most_resources) {
        return invalid(fmt::format("'resources' must be an array of 1 to {} ids of resources.", most_resources));
    }
    const auto target = find_string(body, "targetResourceGroup");
    auto parsed = target ? rbac::Scope::parse(*target) : rbac::Scope::root();
    if (!parsed || parsed->kind() != rbac::ScopeKind::resource_group) {
        return invalid("'targetResourceGroup' must be the id of a resource group.");
    }
    if (*parsed == group) return invalid("The resources are in that resource group already.");
    Wanted out{.resources = {}, .target = std::move(*parsed)};
    for (const std::string& id : *ids) {
        auto scope = rbac::Scope::parse(id);
        if (!scope || scope->kind() != rbac::ScopeKind::resource || !group.covers(*scope)) {
            return invalid(fmt::format("'{}' is no id of a resource in the resource group '{}'.", id, group.value()));
        }
        if (std::ranges::find(out.resources, *scope) != out.resources.end()) {
            return invalid(fmt::format("'{}' is there twice.", id));
        }
        out.resources.push_back(std::move(*scope));
    }
    return out;
}

// Checks and moves; `moving` false only checks. All in one transaction.
class Move {
public:
    Move(const Plane& plane, const Context& context, const Wanted& wanted, bool moving)
        : plane_(plane), context_(context), wanted_(wanted), moving_(moving) {}

    Result<tenant::Operation> operator()(Session& session) const {
        auto world = context_.decide_in(session);
        if (!world) return failure(std::move(world));
        auto source = find_group(session, context_.scope());
        if (!source) return failure(std::move(source));
        auto target = find_group(session, wanted_.target);
        if (!target) return failure(std::move(target));
        for (const rbac::Scope& scope : wanted_.resources) {
            if (auto moved = move(session, **world, scope, *target); !moved) return failure(std::move(moved));
        }
        tenant::Operation operation = new_operation(context_, moving_ ? "moveResources" : "validateMoveResources", *source, {});
        operation.id = id_;
        operation.status = tenant::OperationStatus::succeeded;
        operation.ended_at = context_.now();
        if (auto kept = tenant::create_operation(session, operation); !kept) return failure(std::move(kept));
        return operation;
    }

private:
    static Result<Resource> find_group(Session& session, const rbac::Scope& scope) {
        auto found = tenant::find_resource(session, scope);
        if (!found) return failure(std::move(found));
        if (*found) return std::move(**found);
        return failure(ErrorCode::resource_group_not_found, fmt::format("Resource group '{}' could not be found.",
                                                                        scope.value().substr(scope.value().rfind('/') + 1)));
    }
    const Permission* permission_of(const ResourceType& type) const {
        const std::string write = fmt::format("{}/write", type.operations);
        for (const Permission* permission : context_.route().further) {
            if (permission->name == write) return permission;
        }
        return nullptr;
    }
    Result<void> move(Session& session, const tenant::World& world, const rbac::Scope& scope, const Resource& target) const {
        const auto name = tenant::resource_type_at(scope);
        const ResourceType* type = name ? plane_.find_type(*name) : nullptr;
        const Permission* write = type != nullptr ? permission_of(*type) : nullptr;
        if (write == nullptr) {
            return arm_failure(ErrorCode::invalid_parameter, "ResourceMoveNotSupported",
                               fmt::format("'{}' cannot be moved by itself: it moves with what it belongs to.", scope.value()));
        }
        auto place = rbac::Scope::parse(fmt::format("{}/providers/{}/{}", target.scope.value(), type->name,
                                                    scope.value().substr(scope.value().rfind('/') + 1)));
        if (!place) return failure(std::move(place));
        if (auto may = context_.require_at(world, *write, scope); !may) return may;
        if (auto may = context_.require_at(world, *write, *place); !may) return may;
        if (auto unlocked = gateway::check_locks(world, LockedAction::remove, scope); !unlocked) return unlocked;
        if (auto unlocked = gateway::check_locks(world, LockedAction::change, *place); !unlocked) return unlocked;
        const auto* subscription = world.find_subscription(target.subscription.value());
        if (subscription == nullptr || !subscription->enabled) {
            return arm_failure(
                ErrorCode::conflict, "ReadOnlyDisabledSubscription",
                fmt::format("The subscription '{}' is disabled. Nothing can be moved into it.", target.subscription.value()));
        }
        auto found = tenant::find_resource(session, scope);
        if (!found) return failure(std::move(found));
        if (!*found) return failure(ErrorCode::not_found, fmt::format("The resource '{}' was not found.", scope.value()));
        if (auto moved = tenant::move_resource(session, scope, target, context_.now()); !moved) return moved;
        if (!moving_) return {};
        auto event = context_.event(fmt::format("{}.move", type->event), {{"from", scope.value()}, {"id", place->value()}});
        event.registry = (*found)->row;
        return storage::append_event(session, context_.now(), event);
    }

    const Plane& plane_;
    const Context& context_;
    const Wanted& wanted_;
    bool moving_;
    Guid id_ = Guid::random(); // the same however often the closure runs
};

Task<Result<Response>> run(const Plane& plane, Context& context, bool moving) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto wanted = parse_wanted(*json, context.scope());
    if (!wanted) co_return failure(std::move(wanted));
    const Move move(plane, context, *wanted, moving);
    if (!moving) {
        // What would happen is done and undone: the failure at the end takes it back.
        std::optional<Result<tenant::Operation>> seen;
        const auto try_it = [&](Session& session) -> Result<void> {
            seen.emplace(move(session));
            return failure(ErrorCode::precondition_failed, "");
        };
        auto trying = plane.services.database.write(try_it);
        auto undone = co_await std::move(trying);
        if (!seen) co_return failure(std::move(undone));
        if (!*seen) co_return std::unexpected(std::move(seen->error()));
        co_return gateway::empty_response(204);
    }
    auto moving_all = plane.services.database.write(move);
    auto moved = co_await std::move(moving_all);
    if (!moved) co_return failure(std::move(moved));
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    co_return accepted(context, *moved, "global", Polling::by_location);
}

Task<Result<Response>> move_resources(const Plane& plane, Context& context) { return run(plane, context, true); }
Task<Result<Response>> validate_move(const Plane& plane, Context& context) { return run(plane, context, false); }

} // namespace

std::vector<gateway::Route> resource_move_routes(const std::shared_ptr<Plane>& plane) {
    std::vector<const Permission*> writes;
    for (const ResourceType& type : plane->types()) {
        const bool is_top = type_in_provider(type).find('/') == std::string_view::npos;
        if (is_top && !type.is_group) writes.push_back(&plane->permission(fmt::format("{}/write", type.operations)));
    }
    std::vector<gateway::Route> out;
    const auto add = [&](std::string_view id, std::string_view name, Task<Result<Response>> (*handler)(const Plane&, Context&),
                         std::string_view summary) {
        gateway::Route route;
        route.id = id;
        route.method = http::Method::post;
        route.scope = "/subscriptions/{subscription}/resourceGroups/{group}";
        route.pattern = plane->keep(fmt::format("{}/{}", route.scope, name));
        route.protocol = gateway::Protocol::resource_manager;
        const auto* action =
            &plane->permission(fmt::format("Microsoft.Resources/subscriptions/resourceGroups/{}/action", name));
        route.entry = {gateway::EntryKind::all, {action}, {}};
        route.further = writes;
        route.body_limit = largest_body;
        route.handler = [plane, handler](Context& context) { return handler(*plane, context); };
        route.summary = summary;
        out.push_back(std::move(route));
    };
    add("arm.resource.move", "moveResources", move_resources, "Moves resources to another resource group or subscription");
    add("arm.resource.validateMove", "validateMoveResources", validate_move,
        "Tells whether resources could be moved to another resource group");
    return out;
}

} // namespace berth::control_plane
