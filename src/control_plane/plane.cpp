#include "control_plane/plane.hpp"

#include "base/encoding.hpp"

namespace berth::control_plane {

const ResourceType* Plane::find_type(std::string_view name) const noexcept {
    for (const ResourceType& type : types_) {
        if (equals_ignoring_case(type.name, name)) return &type;
    }
    return nullptr;
}

const gateway::Permission& Plane::permission(std::string_view operation) {
    const auto found = permissions_.find(operation);
    if (found != permissions_.end()) return found->second;
    return permissions_.emplace(operation, gateway::arm_permission(operation)).first->second;
}

} // namespace berth::control_plane
