#pragma once

#include "control_plane/preparer.hpp"
#include "control_plane/resource_type.hpp"
#include "gateway/permission.hpp"
#include "gateway/services.hpp"

#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::control_plane {

/// What all routes of this room share. Lives as long as the routes do: they look into its texts and permissions.
class Plane {
public:
    Plane(gateway::Services all_services, std::vector<ResourceType> all_types)
        : services(all_services), types_(std::move(all_types)), preparer_(services, types_) {}
    Plane(const Plane&) = delete;
    Plane& operator=(const Plane&) = delete;

    const gateway::Services services;

    std::span<const ResourceType> types() const noexcept { return types_; }
    /// By name, without regard to case; nullptr if berth has no such type.
    const ResourceType* find_type(std::string_view name) const noexcept;

    /// Does the work that goes on after answers.
    Preparer& preparer() const noexcept { return preparer_; }

    /// The permission of one ARM operation; the same object for the same operation. Only while routes are made.
    const gateway::Permission& permission(std::string_view operation);
    /// Keeps a text for the routes that are made.
    std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

private:
    std::vector<ResourceType> types_;
    std::deque<std::string> texts_;
    std::map<std::string, gateway::Permission, std::less<>> permissions_;
    mutable Preparer preparer_; // last: it waits for what it runs, which looks into all above
};

} // namespace berth::control_plane
