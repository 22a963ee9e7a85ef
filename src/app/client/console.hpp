#pragma once

#include "app/client/command.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

#include <string>
#include <string_view>

/// What passes between a command and the person or script that runs it.
namespace berth::app {

/// Fine with `--yes`, or when the person at the terminal answers yes. Without a terminal `invalid_parameter` that names
/// `--yes`; `conflict` when the answer is no.
Result<void> confirm(const Values& values, const std::string& question);

/// A secret from the file (`-`: standard input), else from the environment variable if it is set, else from standard
/// input: one line, unseen while it is typed. `invalid_parameter` for an empty one.
Result<Secret> read_secret(const std::string& file, const char* variable, std::string_view prompt);

/// A whole file, or standard input for `-`. `not_found` when it cannot be read, `payload_too_large` above 2 MiB.
Result<std::string> read_text(const std::string& file);

} // namespace berth::app
