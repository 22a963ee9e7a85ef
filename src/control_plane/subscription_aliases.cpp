#include "control_plane/subscription_aliases.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/known_members.hpp"
#include "control_plane/paging.hpp"
#include "control_plane/resource_body.hpp"
#include "gateway/context.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"
#include "tenant/authorization_store.hpp"
#include "tenant/management_group_store.hpp"
#include "tenant/subscription_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::control_plane {
namespace {

using boost::json::object;
using boost::json::value;
using gateway::Context;
using gateway::EntryKind;
using gateway::Permission;
using gateway::Route;
using http::Response;
using storage::Session;
using tenant::SubscriptionAlias;

constexpr std::uint64_t largest_body = std::uint64_t{16} << 10;
constexpr std::size_t longest_alias = 63;
constexpr std::size_t longest_display_name = 64;

const Permission& read_subscription() {
    static const Permission permission = gateway::arm_permission("Microsoft.Resources/subscriptions/read");
    return permission;
}
const Permission& write_subscription() {
    static const Permission permission = gateway::arm_permission("Microsoft.Resources/subscriptions/write");
    return permission;
}
const Permission& place_subscription() {
    static const Permission permission = gateway::arm_permission("Microsoft.Management/managementGroups/subscriptions/write");
    return permission;
}

std::unexpected<Error> invalid(std::string message) { return failure(ErrorCode::invalid_parameter, std::move(message)); }

rbac::Scope scope_of(const Guid& subscription) {
    auto scope = rbac::Scope::parse("/subscriptions/" + subscription.value());
    return scope ? std::move(*scope) : rbac::Scope::root(); // a GUID makes a scope
}

Result<std::string> alias_name(const Context& context) {
    std::string name(context.parameter("alias"));
    const bool sound = !name.empty() && name.size() <= longest_alias && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_.").contains(c);
    });
    if (sound) return name;
    return failure(ErrorCode::name_invalid,
                   fmt::format("The name of a subscription alias has from 1 to {} letters, digits and -_.", longest_alias));
}

Result<void> check_display_name(std::string_view name) {
    const bool sound = !name.empty() && name.size() <= longest_display_name && std::ranges::none_of(name, [](char c) {
        return std::string_view("<>;|").contains(c) || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (sound) return {};
    return arm_failure(
        ErrorCode::invalid_parameter, "InvalidSubscriptionName",
        fmt::format("The name of a subscription has from 1 to {} characters, none of them a control character or "
                    "one of <>;|",
                    longest_display_name));
}

// What a PUT asks for.
struct Wanted {
    std::optional<std::string> display_name;
    std::optional<Guid> subscription; // an alias of one that is there
    std::optional<std::string> management_group;
    std::optional<Guid> owner;
    object tags;
};

Result<std::optional<Guid>> optional_id(const value& from, std::string_view name) {
    const value* member = find_member(from, name);
    if (member == nullptr || (member->is_string() && member->get_string().empty())) return std::optional<Guid>();
    const auto id = member->is_string() ? Guid::parse(member->get_string()) : std::nullopt;
    if (!id) return invalid(fmt::format("'{}' must be a GUID.", name));
    return std::optional(*id);
}

Result<void> read_additional(const value& additional, Wanted& out) {
    static constexpr std::array<std::string_view, 4> known{"managementGroupId", "subscriptionTenantId", "subscriptionOwnerId",
                                                           "tags"};
    if (auto checked = check_known_members(additional, known, "properties.additionalProperties"); !checked) return checked;
    if (const auto group = find_string(additional, "managementGroupId"); group && !group->empty()) {
        out.management_group = std::string(group->substr(group->rfind('/') + 1));
    }
    auto owner = optional_id(additional, "subscriptionOwnerId");
    if (!owner) return failure(std::move(owner));
    out.owner = std::move(*owner);
    if (const value* tags = find_member(additional, "tags")) {
        if (auto checked = check_tags(*tags); !checked) return checked;
        out.tags = tags->get_object();
    }
    return {};
}

Result<Wanted> parse_wanted(const value& body) {
    const value* properties = body.is_object() ? find_member(body, "properties") : nullptr;
    if (properties == nullptr || !properties->is_object()) {
        return invalid("The request content must be {\"properties\": {\"displayName\": …}}.");
    }
    static constexpr std::array<std::string_view, 6> known{"displayName",    "workload",   "billingScope",
                                                           "subscriptionId", "resellerId", "additionalProperties"};
    if (auto checked = check_known_members(*properties, known, "properties"); !checked) return failure(std::move(checked));
    Wanted out;
    if (const value* name = find_member(*properties, "displayName")) {
        if (!name->is_string()) return invalid("'properties.displayName' must be a string.");
        if (auto sound = check_display_name(name->get_string()); !sound) return failure(std::move(sound));
        out.display_name = std::string(name->get_string());
    }
    if (const value* workload = find_member(*properties, "workload")) {
        const bool is_known = workload->is_string() && (equals_ignoring_case(workload->get_string(), "Production") ||
                                                        equals_ignoring_case(workload->get_string(), "DevTest"));
        if (!is_known) return invalid("'properties.workload' must be 'Production' or 'DevTest'.");
    }
    auto subscription = optional_id(*properties, "subscriptionId");
    if (!subscription) return failure(std::move(subscription));
    out.subscription = std::move(*subscription);
    if (const value* additional = find_member(*properties, "additionalProperties")) {
        if (auto read = read_additional(*additional, out); !read) return failure(std::move(read));
    }
    return out;
}

object to_json(const SubscriptionAlias& alias) {
    return {{"id", fmt::format("/providers/Microsoft.Subscription/aliases/{}", alias.name)},
            {"name", alias.name},
            {"type", "Microsoft.Subscription/aliases"},
            {"properties", object{{"subscriptionId", alias.subscription.value()}, {"provisioningState", "Succeeded"}}},
            {"systemData", object{{"createdBy", alias.created_by}, {"createdAt", to_rfc3339(alias.created_at)}}}};
}

bool may_see(const Context& context, const SubscriptionAlias& alias) {
    return alias.created_by == context.actor() || context.may_at(read_subscription(), scope_of(alias.subscription));
}

// One PUT, as the transaction needs it.
class Put {
public:
    struct Done {
        SubscriptionAlias alias;
        bool created = false;
    };

    Put(const Context& context, std::string name, const Wanted& wanted)
        : context_(context), name_(std::move(name)), wanted_(wanted) {}

    Result<Done> operator()(Session& session) const {
        auto existing = tenant::find_alias(session, name_);
        if (!existing) return failure(std::move(existing));
        if (*existing) return use_existing(std::move(**existing));
        auto world = context_.decide_in(session);
        if (!world) return failure(std::move(world));
        if (wanted_.subscription) {
            if (auto known = check_known_subscription(**world); !known) return failure(std::move(known));
        }
        SubscriptionAlias alias{name_, wanted_.subscription.value_or(new_id_), context_.now(), context_.actor()};
        if (!wanted_.subscription) {
            if (auto made = make_subscription(session, **world); !made) return failure(std::move(made));
        }
        if (auto made = tenant::create_alias(session, alias); !made) return failure(std::move(made));
        auto left = storage::append_event(
            session, context_.now(),
            context_.event("subscriptionAlias.write", {{"name", alias.name}, {"subscription", alias.subscription.value()}}));
        if (!left) return failure(std::move(left));
        return Done{std::move(alias), true};
    }

private:
    Result<Done> use_existing(SubscriptionAlias alias) const {
        if (wanted_.subscription && *wanted_.subscription != alias.subscription) return taken();
        if (!may_see(context_, alias)) return taken();
        return Done{std::move(alias), false};
    }
    std::unexpected<Error> taken() const {
        return arm_failure(ErrorCode::already_exists, "SubscriptionAliasConflict",
                           fmt::format("The alias '{}' belongs to another subscription. Choose another name.", name_));
    }
    Result<void> check_known_subscription(const tenant::World& world) const {
        if (auto may = context_.require_at(world, write_subscription(), scope_of(*wanted_.subscription)); !may) return may;
        if (world.find_subscription(wanted_.subscription->value()) != nullptr) return {};
        return failure(ErrorCode::subscription_not_found,
                       fmt::format("The subscription '{}' could not be found.", wanted_.subscription->value()));
    }
    Result<void> make_subscription(Session& session, const tenant::World& world) const {
        const Guid owner = wanted_.owner.value_or(*context_.caller().principal);
        const auto* principal = world.find_principal(owner);
        if (principal == nullptr) {
            return failure(ErrorCode::principal_not_found,
                           fmt::format("'subscriptionOwnerId' {} is nobody in the directory.", owner.value()));
        }
        const std::string shown = wanted_.display_name.value_or(name_);
        if (auto made = tenant::create_subscription(session, world.tenant_id, new_id_, shown, context_.now()); !made)
            return made;
        if (!wanted_.tags.empty()) {
            if (auto tagged = tenant::set_subscription_tags(session, new_id_, wanted_.tags); !tagged) return tagged;
        }
        if (auto given = give_owner(session, world, *principal); !given) return given;
        if (auto placed = place(session, world); !placed) return placed;
        return storage::append_event(
            session, context_.now(),
            context_.event("subscription.write",
                           {{"subscription", new_id_.value()}, {"displayName", shown}, {"owner", owner.value()}}));
    }
    Result<void> give_owner(Session& session, const tenant::World& world, const tenant::Principal& principal) const {
        const rbac::RoleDefinition* role = rbac::find_built_in_role(std::string_view("Owner"));
        if (role == nullptr) return failure(ErrorCode::internal, "The built-in roles lack Owner.");
        const rbac::RoleAssignment assignment{.id = assignment_id_,
                                              .scope = scope_of(new_id_),
                                              .role_definition = role->id,
                                              .principal = principal.id,
                                              .principal_type = std::string(to_string(principal.kind)),
                                              .condition = {},
                                              .description = std::nullopt,
                                              .created_at = context_.now(),
                                              .created_by = context_.actor(),
                                              .updated_at = context_.now(),
                                              .updated_by = context_.actor()};
        if (auto put = tenant::put_role_assignment(session, world.tenant_id, assignment); !put) return put;
        return storage::append_event(session, context_.now(),
                                     context_.event("roleAssignment.write", {{"id", assignment.id.value()},
                                                                             {"scope", assignment.scope.value()},
                                                                             {"roleDefinition", role->id.value()},
                                                                             {"principal", principal.id.value()}}));
    }
    // Only after its Owner is there: a group may take the last administrator from nobody.
    Result<void> place(Session& session, const tenant::World& world) const {
        if (!wanted_.management_group) return {};
        const auto* group = world.find_management_group(*wanted_.management_group);
        const rbac::Scope scope = group != nullptr ? group->scope : tenant::management_group_scope(*wanted_.management_group);
        if (auto may = context_.require_at(world, place_subscription(), scope); !may) return may;
        if (group == nullptr) {
            return failure(ErrorCode::not_found,
                           fmt::format("The management group '{}' cannot be found.", *wanted_.management_group));
        }
        return tenant::move_subscription(session, world.tenant_id, new_id_, group->name);
    }

    const Context& context_;
    std::string name_;
    const Wanted& wanted_;
    // The same however often the closure runs.
    Guid new_id_ = Guid::random();
    Guid assignment_id_ = Guid::random();
};

Task<Result<Response>> put(const Plane& plane, Context& context) {
    auto name = alias_name(context);
    if (!name) co_return failure(std::move(name));
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto wanted = parse_wanted(*json);
    if (!wanted) co_return failure(std::move(wanted));
    if (wanted->management_group && !tenant::is_management_group_name(*wanted->management_group)) {
        co_return invalid("'additionalProperties.managementGroupId' names no management group.");
    }
    const Put write(context, std::move(*name), *wanted);
    auto writing = plane.services.database.write(write);
    auto done = co_await std::move(writing);
    if (!done) co_return failure(std::move(done));
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    co_return gateway::json_response(done->created ? 201 : 200, to_json(done->alias));
}

Task<Result<Response>> get(const Plane& plane, Context& context) {
    const std::string name(context.parameter("alias"));
    const auto read = [&](Session& session) { return tenant::find_alias(session, name); };
    auto reading = plane.services.database.read(storage::ReadKind::point, read);
    auto found = co_await std::move(reading);
    if (!found) co_return failure(std::move(found));
    if (!*found || !may_see(context, **found)) {
        co_return arm_failure(ErrorCode::not_found, "SubscriptionAliasNotFound",
                              fmt::format("There is no alias '{}' of a subscription that you may read.", name));
    }
    co_return gateway::json_response(200, to_json(**found));
}

Task<Result<Response>> remove(const Plane& plane, Context& context) {
    const std::string name(context.parameter("alias"));
    const auto write = [&](Session& session) -> Result<bool> {
        auto found = tenant::find_alias(session, name);
        if (!found) return failure(std::move(found));
        if (!*found) return false;
        auto world = context.world_in(session);
        if (!world) return failure(std::move(world));
        if ((*found)->created_by != context.actor()) {
            auto may = context.require_at(**world, write_subscription(), scope_of((*found)->subscription));
            if (!may) return failure(std::move(may));
        }
        auto deleted = tenant::delete_alias(session, name);
        if (!deleted) return deleted;
        auto left =
            storage::append_event(session, context.now(),
                                  context.event("subscriptionAlias.delete",
                                                {{"name", (*found)->name}, {"subscription", (*found)->subscription.value()}}));
        if (!left) return failure(std::move(left));
        return true;
    };
    auto writing = plane.services.database.write(write);
    auto deleted = co_await std::move(writing);
    if (!deleted) co_return failure(std::move(deleted));
    co_return gateway::empty_response(*deleted ? 200 : 204);
}

Task<Result<Response>> list(const Plane& plane, Context& context) {
    auto page = parse_list_page(context.query());
    if (!page) co_return failure(std::move(page));
    auto reading = plane.services.database.read(storage::ReadKind::page, tenant::list_aliases);
    auto aliases = co_await std::move(reading);
    if (!aliases) co_return failure(std::move(aliases));
    std::erase_if(*aliases, [&](const SubscriptionAlias& alias) { return !may_see(context, alias); });
    const auto key = [](const SubscriptionAlias& alias) { return to_lower(alias.name); };
    co_return page_of(context, *page, std::move(*aliases), key, [](const SubscriptionAlias& alias) { return to_json(alias); });
}

// Rename, cancel and enable are alike but for what they write.
Task<Result<Response>> change(const Plane& plane, Context& context, std::string event,
                              std::function<Result<void>(Session&, const Guid&)> write_it) {
    const auto* subscription = context.world().find_subscription(context.parameter("subscription"));
    if (subscription == nullptr) {
        co_return failure(ErrorCode::subscription_not_found,
                          fmt::format("The subscription '{}' could not be found.", context.parameter("subscription")));
    }
    const Guid id = subscription->id;
    const auto write = [&](Session& session) -> Result<void> {
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
        if (auto written = write_it(session, id); !written) return written;
        return storage::append_event(session, context.now(), context.event(event, {{"subscription", id.value()}}));
    };
    auto writing = plane.services.database.write(write);
    auto done = co_await std::move(writing);
    if (!done) co_return failure(std::move(done));
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    co_return gateway::json_response(200, object{{"subscriptionId", id.value()}});
}

Task<Result<Response>> rename(const Plane& plane, Context& context) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    const auto name = find_string(*json, "subscriptionName");
    if (!name) co_return invalid("The request content must be {\"subscriptionName\": \"…\"}.");
    if (auto sound = check_display_name(*name); !sound) co_return failure(std::move(sound));
    std::function<Result<void>(Session&, const Guid&)> write = [shown = std::string(*name)](Session& session, const Guid& id) {
        return tenant::rename_subscription(session, id, shown);
    };
    co_return co_await change(plane, context, "subscription.write", std::move(write));
}

// What is in use is not disabled by mistake: whoever means it says so in the query.
Result<void> check_empty(Session& session, const Guid& id) {
    auto groups =
        tenant::list_resources(session, id, std::nullopt, std::string_view("Microsoft.Resources/resourceGroups"), "", 1);
    if (!groups) return failure(std::move(groups));
    if (groups->empty()) return {};
    return arm_failure(ErrorCode::conflict, "SubscriptionHasResources",
                       fmt::format("The subscription '{}' has resource groups. Delete them first, or add "
                                   "IgnoreResourceCheck=true to the query to disable it with all that is in it.",
                                   id.value()));
}

Task<Result<Response>> cancel(const Plane& plane, Context& context) {
    const bool whatever_is_in_it = equals_ignoring_case(context.query().find("IgnoreResourceCheck").value_or(""), "true");
    std::function<Result<void>(Session&, const Guid&)> write = [whatever_is_in_it](Session& session,
                                                                                   const Guid& id) -> Result<void> {
        if (!whatever_is_in_it) {
            if (auto empty = check_empty(session, id); !empty) return empty;
        }
        return tenant::enable_subscription(session, id, false);
    };
    co_return co_await change(plane, context, "subscription.cancel", std::move(write));
}

Task<Result<Response>> enable(const Plane& plane, Context& context) {
    std::function<Result<void>(Session&, const Guid&)> write = [](Session& session, const Guid& id) {
        return tenant::enable_subscription(session, id, true);
    };
    co_return co_await change(plane, context, "subscription.enable", std::move(write));
}

} // namespace

std::vector<Route> subscription_alias_routes(const std::shared_ptr<Plane>& plane) {
    // In Azure a billing account decides who may make subscriptions. Here it is who administers the whole directory, or
    // holds the right at the root.
    static const Permission by_directory = gateway::directory_permission("microsoft.directory/subscriptions/create");
    constexpr std::string_view collection = "/providers/Microsoft.Subscription/aliases";
    constexpr std::string_view one = "/providers/Microsoft.Subscription/aliases/{alias}";
    std::vector<Route> out;
    const auto add = [&](std::string_view id, http::Method method, std::string_view pattern, std::string_view scope,
                         gateway::Entry entry, std::vector<const Permission*> further, std::uint64_t body_limit,
                         Task<Result<Response>> (*handler)(const Plane&, Context&), std::string_view summary) {
        Route route;
        route.id = id;
        route.method = method;
        route.pattern = pattern;
        route.protocol = gateway::Protocol::resource_manager;
        route.entry = std::move(entry);
        route.further = std::move(further);
        route.scope = scope;
        route.body_limit = body_limit;
        route.handler = [plane, handler](Context& context) { return handler(*plane, context); };
        route.summary = summary;
        out.push_back(std::move(route));
    };
    using enum http::Method;
    const auto permission = [&](std::string_view name) { return &plane->permission(name); };
    add("arm.subscriptionAlias.put", http::Method::put, one, "/",
        {EntryKind::any, {&by_directory, permission("Microsoft.Subscription/aliases/write")}, {}},
        {&read_subscription(), &write_subscription(), &place_subscription()}, largest_body, control_plane::put,
        "Makes a subscription under a name, and the caller its Owner");
    add("arm.subscriptionAlias.get", http::Method::get, one, "/", {EntryKind::filter, {&read_subscription()}, {}}, {}, 0,
        control_plane::get, "Reads which subscription a name was given to");
    add("arm.subscriptionAlias.delete", delete_, one, "/", {EntryKind::filter, {&write_subscription()}, {}}, {}, 0, remove,
        "Forgets the name that a subscription was asked for with; the subscription stays");
    add("arm.subscriptionAlias.list", http::Method::get, collection, "/", {EntryKind::filter, {&read_subscription()}, {}}, {},
        0, list, "Lists the names of subscriptions that the caller may read");
    constexpr std::string_view at = "/subscriptions/{subscription}";
    const auto add_action = [&](std::string_view id, std::string_view path, std::string_view operation, std::uint64_t limit,
                                Task<Result<Response>> (*handler)(const Plane&, Context&), std::string_view summary) {
        add(id, post, path, at, {EntryKind::all, {permission(operation)}, {}}, {}, limit, handler, summary);
    };
    add_action("arm.subscription.rename", "/subscriptions/{subscription}/providers/Microsoft.Subscription/rename",
               "Microsoft.Subscription/rename/action", largest_body, rename, "Gives a subscription another name");
    add_action("arm.subscription.cancel", "/subscriptions/{subscription}/providers/Microsoft.Subscription/cancel",
               "Microsoft.Subscription/cancel/action", 0, cancel,
               "Disables a subscription: what is in it can be read and deleted, not changed");
    add_action("arm.subscription.enable", "/subscriptions/{subscription}/providers/Microsoft.Subscription/enable",
               "Microsoft.Subscription/enable/action", 0, enable, "Enables a subscription that was canceled");
    return out;
}

} // namespace berth::control_plane
