#pragma once

#include "gateway/route.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace berth::app {

/// `/berth/v1/live`, `/berth/v1/ready` and `/metrics`: what supervisors and Prometheus ask.
/// `ready` says whether the server serves; it turns false when it drains. `metrics` gives the Prometheus text.
std::vector<gateway::Route> status_routes(const std::atomic<bool>& ready, std::function<std::string()> metrics);

} // namespace berth::app
