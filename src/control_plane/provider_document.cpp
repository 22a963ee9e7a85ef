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

constexpr std::string_view authorization = "Microsoft.Authorization";
// These extend any scope and are no resource types of the plane.
constexpr std::array authorization_types{
    std::pair{std::string_view("roleAssignments"), std::string_view("2022-04-01")},
    std::pair{std::string_view("roleDefinitions"), std::string_view("2022-04-01")},
    std::pair{std::string_view("permissions"), std::string_view("2022-04-01")},
    std::pair{std::string_view("denyAssignments"), std::string_view("2022-04-01")},
    std::pair{std::string_view("providerOperations"), std::string_view("2022-04-01")},
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
    std::set<std::string> out{std::string(authorization)};
    for (const ResourceType& type : plane.types()) out.emplace(provider_of(type));
    return out;
}

std::optional<object> provider_document(const Plane& plane, const Guid& subscription, std::string_view name) {
    array types;
    std::string_view spelled = name;
    if (equals_ignoring_case(name, authorization)) {
        spelled = authorization;
        for (const auto& [type, version] : authorization_types) types.push_back(type_document(type, {version}));
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
