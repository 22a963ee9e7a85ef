#include "control_plane/provider_document.hpp"

#include "base/encoding.hpp"
#include "control_plane/authorization_ids.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <array>

namespace berth::control_plane {
namespace {

using boost::json::array;
using boost::json::object;

// Types that are no resources of the plane: those that extend any scope, and management groups.
struct OtherType {
    std::string_view provider;
    std::string_view name;
    std::string_view version;
};
constexpr std::array other_types{
    OtherType{"Microsoft.Authorization", "roleAssignments", "2022-04-01"},
    OtherType{"Microsoft.Authorization", "roleDefinitions", "2022-04-01"},
    OtherType{"Microsoft.Authorization", "permissions", "2022-04-01"},
    OtherType{"Microsoft.Authorization", "denyAssignments", "2024-07-01-preview"},
    OtherType{"Microsoft.Authorization", "providerOperations", "2022-04-01"},
    OtherType{"Microsoft.Authorization", "elevateAccess", "2016-07-01"},
    OtherType{"Microsoft.Authorization", "locks", "2020-05-01"},
    OtherType{"Microsoft.Features", "features", "2021-07-01"},
    OtherType{"Microsoft.Features", "providers", "2021-07-01"},
    OtherType{"Microsoft.Insights", "eventtypes", "2015-04-01"},
    OtherType{"Microsoft.Resources", "subscriptions", "2022-12-01"},
    OtherType{"Microsoft.Resources", "tags", "2025-04-01"},
    OtherType{"Microsoft.Subscription", "aliases", "2021-10-01"},
    OtherType{"Microsoft.Management", "managementGroups", "2021-04-01"},
    OtherType{"Microsoft.Management", "managementGroups/subscriptions", "2021-04-01"},
};

object type_document(std::string_view name, array versions) {
    boost::json::value stable = versions.front();
    for (const auto& version : versions) {
        if (std::string_view(version.get_string()).ends_with("-preview")) continue;
        stable = version;
        break;
    }
    return {{"resourceType", name},
            {"locations", array{}},
            {"apiVersions", std::move(versions)},
            {"defaultApiVersion", std::move(stable)},
            {"capabilities", "SupportsTags, SupportsLocation"}};
}

} // namespace

std::set<std::string> provider_names(const Plane& plane) {
    std::set<std::string> out;
    for (const OtherType& type : other_types) out.emplace(type.provider);
    for (const ResourceType& type : plane.types()) out.emplace(provider_of(type));
    return out;
}

std::optional<object> provider_document(const Plane& plane, const Guid& subscription, std::string_view name) {
    array types;
    std::string_view spelled = name;
    for (const OtherType& type : other_types) {
        if (!equals_ignoring_case(type.provider, name)) continue;
        spelled = type.provider;
        types.push_back(type_document(type.name, {type.version}));
    }
    for (const ResourceType& type : plane.types()) {
        if (!equals_ignoring_case(provider_of(type), name)) continue;
        spelled = provider_of(type);
        types.push_back(type_document(type_in_provider(type), array(type.api_versions.begin(), type.api_versions.end())));
    }
    if (types.empty()) return std::nullopt;
    return object{{"id", fmt::format("/subscriptions/{}/providers/{}", subscription.value(), spelled)},
                  {"namespace", spelled},
                  {"registrationPolicy", "RegistrationFree"},
                  {"registrationState", "Registered"},
                  {"resourceTypes", std::move(types)}};
}

} // namespace berth::control_plane
