#pragma once

#include <string>

namespace berth::app {

/// Logs to standard error, a JSON object a line: `time`, `level`, and the message, which is JSON itself or becomes the
/// field `message`.
void set_up_logging(const std::string& level);
/// Changes the level of a running program.
void set_log_level(const std::string& level);

} // namespace berth::app
