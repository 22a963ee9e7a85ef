#pragma once

#include "rbac/attributes.hpp"
#include "rbac/condition_value.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace berth::rbac {

/// The values that an attribute has in one request: none, one, or several. A view.
struct AttributeValues {
    std::optional<ConditionValue> single;
    std::span<const std::string> several{};

    std::size_t size() const noexcept { return single ? 1 : several.size(); }
    /// As operators of that type see it; nullopt if it is none of theirs.
    std::optional<ConditionValue> at(std::size_t index, ConditionType type) const noexcept {
        return single ? single : ConditionValue::read(type, several[index]);
    }
};

/// An attribute that a condition asks for, such as `@Request[Microsoft.ContainerRegistry/registries/repositories:name]`.
/// Attributes that berth does not know are read, and no request ever has them.
class ConditionAttribute {
public:
    /// Both parts without regard to case.
    /// @param source `Request`, `Resource`, `Principal` or `Environment`: what stands behind the @; nullopt for others
    /// @param name what stands between the brackets
    static std::optional<ConditionAttribute> find(std::string_view source, std::string_view name);

    /// What its values are; nullopt if that is only known when there are some.
    std::optional<ConditionType> type() const noexcept;
    bool is_repository_name() const noexcept { return kind_ == Kind::repository; }
    /// Its values in that request. What the request does not have, has none.
    AttributeValues values(const Attributes& attributes) const noexcept;

private:
    enum class Kind : std::uint8_t {
        unknown,
        repository,
        requested_role,
        requested_principal,
        requested_principal_type,
        existing_role,
        existing_principal,
        existing_principal_type,
        security_attribute,
        utc_now,
        is_private_link,
        network_origin,
    };
    ConditionAttribute(Kind kind, std::string_view name) : kind_(kind), name_(name) {}

    Kind kind_;
    std::string name_; // of a security attribute: `{set}_{name}`
};

} // namespace berth::rbac
