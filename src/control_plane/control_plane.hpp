#pragma once

#include "base/result.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace berth::control_plane {

class Plane;

/// Whatever it takes until clients reach a login server (`name.domain[:port]`) over TLS.
using PrepareLoginServer = std::function<Result<void>(const std::string& login_server)>;

/// Azure Resource Manager as berth has it. Its routes may outlive it.
class ControlPlane {
public:
    /// `prepare_login_server` is called for each new registry, on a worker, before it counts as made; its error is told to
    /// who made it. Empty: there is nothing to prepare.
    explicit ControlPlane(gateway::Services services, PrepareLoginServer prepare_login_server = {});
    ~ControlPlane();

    /// Takes up what an earlier run of the program answered and did not end. Call it once, when the program is ready.
    Result<void> resume();

    std::vector<gateway::Route> routes();

private:
    std::shared_ptr<Plane> plane_;
};

} // namespace berth::control_plane
