#include "control_plane/resource_type.hpp"

#include "base/time.hpp"

namespace berth::control_plane {
namespace {

using boost::json::object;

// Azure names an application by its client id and a user by their name.
void add_actor(object& out, const tenant::World& world, std::string_view verb, const std::string& actor) {
    const auto id = Guid::parse(actor);
    const auto* principal = id ? world.find_principal(*id) : nullptr;
    std::string by = actor;
    std::string_view kind = "Application";
    if (principal != nullptr && principal->application_id) by = principal->application_id->value();
    if (principal != nullptr && principal->user_principal_name) {
        by = *principal->user_principal_name;
        kind = "User";
    }
    const std::string key(verb);
    out[key + "By"] = by;
    out[key + "ByType"] = kind;
}

} // namespace

std::string_view provider_of(const ResourceType& type) noexcept { return type.name.substr(0, type.name.find('/')); }
std::string_view type_in_provider(const ResourceType& type) noexcept { return type.name.substr(type.name.find('/') + 1); }

object to_summary(const ResourceType& type, const tenant::Resource& resource) {
    object out{{"id", resource.scope.value()}, {"name", resource.name}, {"type", type.name}};
    if (type.has_location) {
        out["location"] = resource.location;
        out["tags"] = resource.tags;
    }
    if (!resource.identity.empty()) out["identity"] = resource.identity;
    if (resource.sku) out["sku"] = object{{"name", *resource.sku}, {"tier", *resource.sku}};
    return out;
}

object to_json(const gateway::Services& services, const tenant::World& world, const ResourceType& type,
               const tenant::Resource& resource) {
    object out = to_summary(type, resource);
    if (type.has_system_data) {
        object data;
        add_actor(data, world, "created", resource.created_by);
        data["createdAt"] = to_rfc3339(resource.created_at);
        add_actor(data, world, "lastModified", resource.updated_by);
        data["lastModifiedAt"] = to_rfc3339(resource.updated_at);
        out["systemData"] = std::move(data);
    }
    object properties = complete_properties(type.properties, resource.properties);
    if (type.show) type.show(services, resource, properties);
    out["properties"] = std::move(properties);
    return out;
}

} // namespace berth::control_plane
