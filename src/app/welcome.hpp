#pragma once

#include "app/bootstrap_file.hpp"

#include <filesystem>
#include <string>

namespace berth::app {

/// What a start prints: the addresses, and the exact commands to log in, push and pull with docker, podman and skopeo. The
/// secret itself is not printed; the commands read it from bootstrap.json.
std::string welcome_text(const BootstrapFile& file, const std::filesystem::path& data);

} // namespace berth::app
