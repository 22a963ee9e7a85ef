#include "rbac/condition_attribute.hpp"

#include "base/encoding.hpp"

#include <array>

namespace berth::rbac {
namespace {

constexpr std::array<std::string_view, 4> sources{"Request", "Resource", "Principal", "Environment"};

AttributeValues text(std::string_view value) noexcept {
    if (value.empty()) return {};
    return {.single = ConditionValue{.text = value, .number = {}}};
}

AttributeValues guid(const Guid& value) noexcept {
    return {.single = ConditionValue::read(ConditionType::guid, value.value())};
}

} // namespace

std::optional<ConditionAttribute> ConditionAttribute::find(std::string_view source, std::string_view name) {
    struct Known {
        std::string_view source;
        std::string_view name;
        Kind kind;
    };
    static constexpr std::array known{
        Known{"Request", "Microsoft.ContainerRegistry/registries/repositories:name", Kind::repository},
        Known{"Resource", "Microsoft.ContainerRegistry/registries/repositories:name", Kind::repository},
        Known{"Request", "Microsoft.Authorization/roleAssignments:RoleDefinitionId", Kind::requested_role},
        Known{"Request", "Microsoft.Authorization/roleAssignments:PrincipalId", Kind::requested_principal},
        Known{"Request", "Microsoft.Authorization/roleAssignments:PrincipalType", Kind::requested_principal_type},
        Known{"Resource", "Microsoft.Authorization/roleAssignments:RoleDefinitionId", Kind::existing_role},
        Known{"Resource", "Microsoft.Authorization/roleAssignments:PrincipalId", Kind::existing_principal},
        Known{"Resource", "Microsoft.Authorization/roleAssignments:PrincipalType", Kind::existing_principal_type},
        Known{"Environment", "UtcNow", Kind::utc_now},
        Known{"Environment", "isPrivateLink", Kind::is_private_link},
        Known{"Environment", "Microsoft.Network/privateEndpoints", Kind::network_origin},
        Known{"Environment", "Microsoft.Network/virtualNetworks/subnets", Kind::network_origin},
    };
    constexpr std::string_view security_attributes = "Microsoft.Directory/CustomSecurityAttributes/Id:";

    bool is_source = false;
    for (auto candidate : sources) is_source = is_source || equals_ignoring_case(source, candidate);
    if (!is_source) return std::nullopt;
    for (const auto& entry : known) {
        if (equals_ignoring_case(source, entry.source) && equals_ignoring_case(name, entry.name)) {
            return ConditionAttribute(entry.kind, name);
        }
    }
    if (equals_ignoring_case(source, "Principal") && starts_with_ignoring_case(name, security_attributes)) {
        return ConditionAttribute(Kind::security_attribute, name.substr(security_attributes.size()));
    }
    return ConditionAttribute(Kind::unknown, name);
}

std::optional<ConditionType> ConditionAttribute::type() const noexcept {
    switch (kind_) {
    case Kind::repository:
    case Kind::requested_principal_type:
    case Kind::existing_principal_type:
    case Kind::network_origin: return ConditionType::string;
    case Kind::requested_role:
    case Kind::requested_principal:
    case Kind::existing_role:
    case Kind::existing_principal: return ConditionType::guid;
    case Kind::utc_now: return ConditionType::date_time;
    case Kind::is_private_link: return ConditionType::boolean;
    case Kind::security_attribute:
    case Kind::unknown: return std::nullopt;
    }
    return std::nullopt;
}

AttributeValues ConditionAttribute::values(const Attributes& attributes) const noexcept {
    const auto* requested = attributes.requested_assignment;
    const auto* existing = attributes.existing_assignment;
    switch (kind_) {
    case Kind::repository: return text(attributes.repository);
    case Kind::requested_role: return requested ? guid(requested->role_definition) : AttributeValues{};
    case Kind::requested_principal: return requested ? guid(requested->principal) : AttributeValues{};
    case Kind::requested_principal_type: return requested ? text(requested->principal_type) : AttributeValues{};
    case Kind::existing_role: return existing ? guid(existing->role_definition) : AttributeValues{};
    case Kind::existing_principal: return existing ? guid(existing->principal) : AttributeValues{};
    case Kind::existing_principal_type: return existing ? text(existing->principal_type) : AttributeValues{};
    case Kind::utc_now:
        if (attributes.now == Timestamp{}) return {};
        return {.single = ConditionValue{.text = {}, .number = {to_microseconds(attributes.now), 0}}};
    case Kind::security_attribute:
        for (const auto& attribute : attributes.principal) {
            if (equals_ignoring_case(attribute.name, name_)) return {.single = {}, .several = attribute.values};
        }
        return {};
    case Kind::is_private_link:
    case Kind::network_origin:
    case Kind::unknown: return {};
    }
    return {};
}

} // namespace berth::rbac
