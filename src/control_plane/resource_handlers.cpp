#include "control_plane/resource_handlers.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "control_plane/authorization_ids.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/operations.hpp"
#include "control_plane/resource_body.hpp"
#include "control_plane/resource_identity.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using gateway::Context;
using http::Response;
using storage::Session;
using tenant::Resource;

// The last segment of the request's scope: the name as the client wrote it.
std::string_view name_in(const rbac::Scope& scope) noexcept {
    return std::string_view(scope.value()).substr(scope.value().rfind('/') + 1);
}

// What a resource of the type hangs on: its parent resource, or its resource group.
Result<rbac::Scope> parent_of(const ResourceType& type, const rbac::Scope& scope) {
    std::size_t segments = 2;                                                      // `/type/name`
    if (type_in_provider(type).find('/') == std::string_view::npos) segments += 2; // `/providers/namespace`
    std::string_view text = scope.value();
    for (std::size_t i = 0; i < segments; ++i) text = text.substr(0, text.rfind('/'));
    return rbac::Scope::parse(text);
}

Error not_found(const ResourceType& type, const Context& context) {
    if (type.is_group) {
        return {ErrorCode::resource_group_not_found,
                fmt::format("Resource group '{}' could not be found.", name_in(context.scope()))};
    }
    return {ErrorCode::not_found,
            fmt::format("The Resource '{}/{}' under resource group '{}' was not found. For more details please go to "
                        "https://aka.ms/ARMResourceNotFoundFix",
                        type.name, name_in(context.scope()), context.parameter("group"))};
}

Error group_not_found(const Context& context) {
    return {ErrorCode::resource_group_not_found,
            fmt::format("Resource group '{}' could not be found.", context.parameter("group"))};
}

Error subscription_not_found(const Context& context) {
    return {ErrorCode::subscription_not_found,
            fmt::format("The subscription '{}' could not be found.", context.parameter("subscription"))};
}

Result<void> check_subscription(const Context& context) {
    if (context.world().find_subscription(context.parameter("subscription")) != nullptr) return {};
    return std::unexpected(subscription_not_found(context));
}

// Paths lead to a type's routes by their shape; what is found there must be of that type all the same.
Result<std::optional<Resource>> find_of_type(Session& session, const ResourceType& type, const rbac::Scope& scope) {
    auto found = tenant::find_resource(session, scope);
    if (found && *found && !equals_ignoring_case((*found)->type, type.name)) return std::optional<Resource>();
    return found;
}

// Azure words it differently for groups and for everything in them.
Error location_differs(const ResourceType& type, const Resource& existing, const std::string& wanted) {
    if (type.is_group) {
        return arm_failure(ErrorCode::conflict, "InvalidResourceGroupLocation",
                           fmt::format("Invalid resource group location '{}'. The Resource group already exists in "
                                       "location '{}'.",
                                       wanted, existing.location))
            .error();
    }
    return arm_failure(ErrorCode::conflict, "InvalidResourceLocation",
                       fmt::format("The resource '{}' already exists in location '{}' in resource group '{}'. A resource "
                                   "with the same name cannot be created in location '{}'. Please select a new resource "
                                   "name.",
                                   existing.name, existing.location, existing.resource_group, wanted))
        .error();
}

struct Written {
    Resource resource;
    bool created = false;
    std::optional<tenant::Operation> preparation{};
};

// Work on it goes on: clients ask for the resource again, az every 30 seconds if nobody tells it better.
void add_retry_after(Response& response, const boost::json::object& resource) {
    const auto* properties = resource.if_contains("properties");
    const auto state = properties != nullptr ? find_string(*properties, "provisioningState") : std::nullopt;
    if (state && !is_final_state(*state)) response.headers.add("Retry-After", "1");
}

// One PUT or PATCH, as the transaction needs it; the closure may run more than once.
class Write {
public:
    Write(const Plane& plane, const ResourceType& type, const Context& context, const ResourceBody& body, bool replace)
        : plane_(plane), type_(type), context_(context), body_(body), replace_(replace) {}

    Result<Written> operator()(Session& session) const {
        // The right may have been taken away, or a lock set, since the request was decided.
        auto world = context_.decide_in(session);
        if (!world) return failure(std::move(world));
        auto existing = find_of_type(session, type_, context_.scope());
        if (!existing) return failure(std::move(existing));
        if (!*existing && !replace_) return std::unexpected(not_found(type_, context_));
        auto next = *existing ? Result<Resource>(**existing) : make(session, **world);
        if (!next) return failure(std::move(next));
        if (auto changed = change(*next, existing->has_value()); !changed) return failure(std::move(changed));
        if (auto may = check_identities(**world, *next); !may) return failure(std::move(may));
        if (auto identified = apply_identity(session, type_.identities, body_.identity, replace_, *next); !identified) {
            return failure(std::move(identified));
        }
        if (type_.before_write) {
            const Resource* before = *existing ? &**existing : nullptr;
            if (auto checked = type_.before_write(session, *next, before, body_.properties); !checked)
                return failure(std::move(checked));
        }
        const bool is_prepared = announce_preparation(type_, *next, *existing ? &**existing : nullptr);
        if (*existing) {
            if (auto updated = tenant::update_resource(session, *next); !updated) return failure(std::move(updated));
        } else {
            auto row = tenant::insert_resource(session, *next);
            if (!row) return failed_insert(std::move(row.error()));
            next->row = *row;
        }
        auto event = context_.event(fmt::format("{}.write", type_.event),
                                    {{"id", next->scope.value()}, {"created", !existing->has_value()}});
        if (!type_.is_group) event.registry = next->row;
        if (auto left = storage::append_event(session, context_.now(), event); !left) return failure(std::move(left));
        Written out{std::move(*next), !existing->has_value()};
        if (is_prepared) {
            out.preparation = new_operation(context_, std::string(type_.preparation.kind), out.resource, {});
            if (auto kept = Preparer::keep(session, *out.preparation); !kept) return failure(std::move(kept));
        }
        return out;
    }

private:
    Result<Resource> make(Session& session, const tenant::World& world) const {
        const std::string name(name_in(context_.scope()));
        if (type_.is_valid_name != nullptr && !type_.is_valid_name(name)) {
            return failure(ErrorCode::name_invalid, fmt::format(fmt::runtime(type_.name_rule), name));
        }
        const auto* subscription = world.find_subscription(context_.parameter("subscription"));
        if (subscription == nullptr) return std::unexpected(subscription_not_found(context_));
        auto place = find_place(session, *subscription, name);
        if (!place) return failure(std::move(place));
        return Resource{.row = 0,
                        .guid = Guid::random(),
                        .tenant = world.tenant_id,
                        .subscription = subscription->id,
                        .resource_group = std::move(place->group),
                        .type = std::string(type_.name),
                        .name = name,
                        .scope = std::move(place->scope),
                        .location = {},
                        .tags = {},
                        .sku = std::nullopt,
                        .properties = {},
                        .created_at = context_.now(),
                        .created_by = context_.actor(),
                        .updated_at = context_.now(),
                        .updated_by = context_.actor()};
    }

    // Who names an identity that somebody else made has to have the right to assign it; else nothing of it is told, not even
    // whether it is there. Those that the resource has already may stay.
    Result<void> check_identities(const tenant::World& world, const Resource& resource) const {
        const auto* sent = find_member(body_.identity, "userAssignedIdentities");
        if (sent == nullptr || !sent->is_object() || context_.route().further.empty()) return {};
        const gateway::Permission& assign = *context_.route().further.front();
        const auto* kept = resource.identity.if_contains("userAssignedIdentities");
        for (const auto& [id, what] : sent->get_object()) {
            const std::string_view named = id;
            const bool is_kept = kept != nullptr && kept->is_object() &&
                                 std::ranges::any_of(kept->get_object(),
                                                     [&](const auto& one) { return equals_ignoring_case(one.key(), named); });
            auto scope = rbac::Scope::parse(named);
            if (is_kept || what.is_null() || !scope) continue;
            if (auto may = context_.require_at(world, assign, *scope); !may) {
                return linked_refusal(context_, context_.route().entry.permissions.front()->name, assign.name, *scope,
                                      may.error());
            }
        }
        return {};
    }

    // Where a new resource goes, spelled as what it hangs on spells it.
    struct Place {
        std::string group;
        rbac::Scope scope;
    };
    Result<Place> find_place(Session& session, const tenant::Subscription& subscription, const std::string& name) const {
        if (type_.is_group) {
            return place_at(name, fmt::format("/subscriptions/{}/resourceGroups/{}", subscription.id.value(), name));
        }
        auto parent_scope = parent_of(type_, context_.scope());
        if (!parent_scope) return failure(std::move(parent_scope));
        auto parent = tenant::find_resource(session, *parent_scope);
        if (!parent) return failure(std::move(parent));
        const std::string_view path = type_in_provider(type_);
        const bool is_child = path.find('/') != std::string_view::npos;
        if (!*parent && is_child) {
            return arm_failure(ErrorCode::not_found, "ParentResourceNotFound",
                               fmt::format("Failed to perform 'write' on resource(s) of type '{}', because the parent "
                                           "resource '{}' could not be found.",
                                           path, parent_scope->value()));
        }
        if (!*parent) return std::unexpected(group_not_found(context_));
        const std::string& above = (*parent)->scope.value();
        if (!is_child) return place_at((*parent)->name, fmt::format("{}/providers/{}/{}", above, type_.name, name));
        return place_at((*parent)->resource_group, fmt::format("{}/{}/{}", above, path.substr(path.rfind('/') + 1), name));
    }
    static Result<Place> place_at(std::string group, const std::string& text) {
        auto scope = rbac::Scope::parse(text);
        if (!scope) return failure(std::move(scope));
        return Place{std::move(group), std::move(*scope)};
    }

    Result<void> change(Resource& next, bool exists) const {
        if (type_.has_location && body_.location && exists && *body_.location != normalize_location(next.location)) {
            return std::unexpected(location_differs(type_, next, *body_.location));
        }
        if (!exists && type_.has_location) {
            if (!body_.location) {
                return arm_failure(ErrorCode::invalid_parameter, "LocationRequired",
                                   "The location property is required for this definition.");
            }
            next.location = *body_.location;
        }
        if (!type_.skus.empty() && (body_.sku || replace_)) {
            if (!body_.sku) {
                return arm_failure(ErrorCode::invalid_parameter, "SkuRequired",
                                   fmt::format("'sku.name' is required: one of {}.", fmt::join(type_.skus, ", ")));
            }
            next.sku = *body_.sku;
        }
        if (type_.has_location && (body_.tags || replace_)) next.tags = body_.tags.value_or(boost::json::object{});
        auto current = replace_ ? initial_properties(type_.properties) : complete_properties(type_.properties, next.properties);
        auto properties = apply_properties(type_.properties, body_.properties, std::move(current));
        if (!properties) return failure(std::move(properties));
        next.properties = std::move(*properties);
        if (auto whole = check_required(type_.properties, next.properties); !whole) return whole;
        next.updated_at = context_.now();
        next.updated_by = context_.actor();
        return {};
    }

    std::unexpected<Error> failed_insert(Error error) const {
        if (error.code == ErrorCode::already_exists && type_.name_taken) {
            return std::unexpected(type_.name_taken(plane_.services, name_in(context_.scope())));
        }
        return std::unexpected(std::move(error));
    }

    const Plane& plane_;
    const ResourceType& type_;
    const Context& context_;
    const ResourceBody& body_;
    bool replace_;
};

Task<Result<Response>> write_resource(const Plane& plane, const ResourceType& type, Context& context, bool replace) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto body = parse_resource_body(type, *json);
    if (!body) co_return failure(std::move(body));
    if (auto known = check_subscription(context); !known) co_return failure(std::move(known));
    if (!type.not_offered.empty()) {
        co_return failure(ErrorCode::unsupported, fmt::format("No {} can be made here: {}", type.noun, type.not_offered));
    }

    const Write write(plane, type, context, *body, replace);
    auto writing = plane.services.database.write(write);
    auto written = co_await std::move(writing);
    if (!written) co_return failure(std::move(written));
    if (type.after_write) type.after_write(plane.services);
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    if (written->preparation) plane.preparer().submit(std::move(*written->preparation));
    const auto shown = to_json(plane.services, context.world(), type, written->resource);
    auto response = gateway::json_response(written->created ? 201 : 200, shown);
    add_retry_after(response, shown);
    co_return response;
}

} // namespace

Task<Result<Response>> put_resource(const Plane& plane, const ResourceType& type, Context& context) {
    return write_resource(plane, type, context, true);
}

Task<Result<Response>> patch_resource(const Plane& plane, const ResourceType& type, Context& context) {
    return write_resource(plane, type, context, false);
}

Task<Result<Resource>> find_existing(const gateway::Services& services, const ResourceType& type, Context& context) {
    if (auto known = check_subscription(context); !known) co_return failure(std::move(known));
    const auto find = [&](Session& session) -> Result<Resource> {
        auto found = find_of_type(session, type, context.scope());
        if (!found) return failure(std::move(found));
        if (*found) return std::move(**found);
        if (!type.is_group) {
            auto group = rbac::Scope::parse(fmt::format("/subscriptions/{}/resourceGroups/{}",
                                                        context.parameter("subscription"), context.parameter("group")));
            if (!group) return failure(std::move(group));
            auto exists = tenant::find_resource(session, *group);
            if (!exists) return failure(std::move(exists));
            if (!*exists) return std::unexpected(group_not_found(context));
        }
        return std::unexpected(not_found(type, context));
    };
    auto finding = services.database.read(storage::ReadKind::point, find);
    co_return co_await std::move(finding);
}

Task<Result<Response>> get_resource(const Plane& plane, const ResourceType& type, Context& context) {
    auto found = co_await find_existing(plane.services, type, context);
    if (!found) co_return failure(std::move(found));
    if (type.is_group && context.request().method == http::Method::head) co_return gateway::empty_response(204);
    const auto shown = to_json(plane.services, context.world(), type, *found);
    auto response = gateway::json_response(200, shown);
    add_retry_after(response, shown);
    co_return response;
}

Task<Result<Response>> delete_resource(const Plane& plane, const ResourceType& type, Context& context) {
    if (auto known = check_subscription(context); !known) co_return failure(std::move(known));
    // Of a resource group: where its deletion, which is done then, is polled. Azure's takes its time, and its clients wait.
    std::optional<tenant::Operation> operation;
    const auto remove = [&](Session& session) -> Result<bool> {
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
        auto found = find_of_type(session, type, context.scope());
        if (!found) return failure(std::move(found));
        if (!*found) {
            if (type.delete_absent_is_an_error) return std::unexpected(not_found(type, context));
            return false;
        }
        if (type.before_delete) {
            if (auto may = type.before_delete(session, **found); !may) return failure(std::move(may));
        }
        auto event = context.event(fmt::format("{}.delete", type.event), {{"id", (*found)->scope.value()}});
        if (!type.is_group) event.registry = (*found)->row;
        if (auto deleted = tenant::delete_resource(session, context.scope(), context.now()); !deleted) {
            return failure(std::move(deleted));
        }
        if (auto left = storage::append_event(session, context.now(), event); !left) return failure(std::move(left));
        if (!type.is_group) return true;
        operation = new_operation(context, "deleteResourceGroup", **found, {});
        operation->resource_row = std::nullopt;
        operation->status = tenant::OperationStatus::succeeded;
        operation->ended_at = context.now();
        if (auto kept = tenant::create_operation(session, *operation); !kept) return failure(std::move(kept));
        return true;
    };
    auto removing = plane.services.database.write(remove);
    auto removed = co_await std::move(removing);
    if (!removed) co_return failure(std::move(removed));
    if (!*removed) co_return gateway::empty_response(204);
    if (type.after_write) type.after_write(plane.services);
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    if (operation) co_return accepted(context, *operation, "global", Polling::by_location);
    co_return gateway::empty_response(type.deleted_status);
}

Task<Result<Response>> run_action(const Plane& plane, const ResourceType& type, const Action& action, Context& context) {
    auto found = co_await find_existing(plane.services, type, context);
    if (!found) co_return failure(std::move(found));
    auto running = action.run(plane.services, context, *found);
    co_return co_await std::move(running);
}

} // namespace berth::control_plane
