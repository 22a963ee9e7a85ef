#include "control_plane/management_group_json.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "control_plane/errors.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

namespace berth::control_plane {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using tenant::ManagementGroup;
using tenant::Subscription;

constexpr std::size_t longest_display_name = 256;

std::unexpected<Error> invalid(std::string message) {
    return arm_failure(ErrorCode::invalid_parameter, "InvalidRequestContent", std::move(message));
}

object reference(std::string_view name, std::string_view display_name, const rbac::Scope& scope) {
    return {{"id", scope.value()}, {"name", name}, {"displayName", display_name}};
}

Result<std::optional<std::string>> parse_parent(const value* id) {
    if (id == nullptr) return std::optional<std::string>();
    if (!id->is_string()) return invalid("The id of the parent must be a string.");
    const std::string_view text = id->get_string();
    auto scope = rbac::Scope::parse(text);
    const std::size_t slash = text.rfind('/');
    const bool is_group = scope && scope->kind() == rbac::ScopeKind::management_group;
    if (slash == std::string_view::npos && tenant::is_management_group_name(text)) return std::optional(std::string(text));
    if (is_group) return std::optional(scope->value().substr(scope->value().rfind('/') + 1));
    return invalid(fmt::format("'{}' is no id of a management group: write '/providers/Microsoft.Management/"
                               "managementGroups/{{name}}'.",
                               text));
}

array children_of(const tenant::World& world, const ManagementGroup& group, bool recurse,
                  const std::function<bool(const rbac::Scope&)>& may_read) {
    array out;
    for (const ManagementGroup& child : world.management_groups()) {
        if (!child.parent || !equals_ignoring_case(*child.parent, group.name) || !may_read(child.scope)) continue;
        object item = reference(child.name, child.display_name, child.scope);
        item["type"] = management_groups_type;
        if (recurse) item["children"] = children_of(world, child, recurse, may_read);
        out.push_back(std::move(item));
    }
    for (const Subscription& subscription : world.subscriptions) {
        const rbac::Scope scope = scope_of(subscription);
        if (!equals_ignoring_case(subscription.management_group, group.name) || !may_read(scope)) continue;
        object item = reference(subscription.id.value(), subscription.display_name, scope);
        item["type"] = "/subscriptions";
        out.push_back(std::move(item));
    }
    return out;
}

object descendant(std::string_view type, object reference_json, std::string_view parent) {
    value display_name = reference_json["displayName"];
    return {{"id", reference_json["id"]},
            {"type", type},
            {"name", reference_json["name"]},
            {"properties", object{{"displayName", std::move(display_name)},
                                  {"parent", object{{"id", tenant::management_group_scope(parent).value()}}}}}};
}

} // namespace

rbac::Scope scope_of(const Subscription& subscription) {
    auto scope = rbac::Scope::parse(fmt::format("/subscriptions/{}", subscription.id.value()));
    return scope ? std::move(*scope) : rbac::Scope::root();
}

Result<ManagementGroupBody> parse_management_group(const value& body) {
    ManagementGroupBody out;
    if (body.is_null()) return out;
    if (!body.is_object()) return invalid("The request content must be a JSON object that describes the management group.");
    const value* member = find_member(body, "properties");
    if (member != nullptr && !member->is_object()) return invalid("'properties' must be an object.");
    const value& properties = member != nullptr ? *member : body;
    if (const value* name = find_member(properties, "displayName")) {
        if (!name->is_string() || name->get_string().empty() || name->get_string().size() > longest_display_name) {
            return invalid(fmt::format("'displayName' must be a string of 1 to {} bytes.", longest_display_name));
        }
        out.display_name = std::string(name->get_string());
    }
    const value* parent = find_member(properties, "parentGroupId");
    if (const value* details = find_member(properties, "details")) {
        if (!details->is_object()) return invalid("'properties.details' must be an object.");
        if (const value* named = find_member(*details, "parent")) {
            if (!named->is_object()) return invalid("'properties.details.parent' must be an object with an 'id'.");
            // az sends an empty object where no parent was asked for.
            parent = find_member(*named, "id");
        }
    }
    auto name = parse_parent(parent);
    if (!name) return failure(std::move(name));
    out.parent = std::move(*name);
    return out;
}

object to_summary(const tenant::World& world, const ManagementGroup& group) {
    return {{"id", group.scope.value()},
            {"type", management_groups_type},
            {"name", group.name},
            {"properties", object{{"tenantId", world.tenant_id.value()}, {"displayName", group.display_name}}}};
}

object to_json(const tenant::World& world, const ManagementGroup& group, const ManagementGroupExpansion& expansion,
               const std::function<bool(const rbac::Scope&)>& may_read) {
    object out = to_summary(world, group);
    value parent = nullptr;
    if (group.parent) {
        const auto* above = world.find_management_group(*group.parent);
        if (above != nullptr) parent = reference(above->name, above->display_name, above->scope);
    }
    object& properties = out["properties"].as_object();
    properties["details"] = object{{"version", 1}, {"parent", std::move(parent)}};
    if (expansion.children) properties["children"] = children_of(world, group, expansion.recurse, may_read);
    return out;
}

object to_json(const tenant::World& world, const ManagementGroup& group, const Subscription& subscription) {
    return {{"id", fmt::format("{}/subscriptions/{}", group.scope.value(), subscription.id.value())},
            {"type", "Microsoft.Management/managementGroups/subscriptions"},
            {"name", subscription.id.value()},
            {"properties", object{{"tenant", world.tenant_id.value()},
                                  {"displayName", subscription.display_name},
                                  {"parent", object{{"id", group.scope.value()}}},
                                  {"state", "Active"}}}};
}

object descendant_json(const ManagementGroup& group) {
    return descendant(management_groups_type, reference(group.name, group.display_name, group.scope),
                      group.parent.value_or(""));
}

object descendant_json(const Subscription& subscription) {
    return descendant("/subscriptions", reference(subscription.id.value(), subscription.display_name, scope_of(subscription)),
                      subscription.management_group);
}

} // namespace berth::control_plane
