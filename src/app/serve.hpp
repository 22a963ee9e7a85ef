#pragma once

#include "app/configuration.hpp"

#include <functional>

namespace berth::app {

/// `berth serve`: serves until SIGTERM or SIGINT, then drains. SIGHUP reloads certificates and, by `reread`, the log
/// level. Returns the exit status.
int serve(const Configuration& configuration, const std::function<std::string()>& reread_log_level);

} // namespace berth::app
