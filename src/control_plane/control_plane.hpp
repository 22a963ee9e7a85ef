#pragma once

#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <memory>
#include <vector>

namespace berth::control_plane {

class Plane;

/// Azure Resource Manager as berth has it. Its routes may outlive it.
class ControlPlane {
public:
    explicit ControlPlane(gateway::Services services);
    ~ControlPlane();

    std::vector<gateway::Route> routes();

private:
    std::shared_ptr<Plane> plane_;
};

} // namespace berth::control_plane
