#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "tenant/bootstrap.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace berth::app {

/// `DIR/bootstrap.json`: where the server is and how its owner signs in, for scripts; readable by its owner only. The
/// database holds only a hash of the secret, so the secret is carried over from one start to the next in this file.
struct BootstrapFile {
    std::string http; ///< base address, or empty when it does not listen
    std::string https;
    std::filesystem::path authority_file;
    tenant::Bootstrap bootstrap;
    std::string login_server;
    std::optional<Secret> owner_secret; ///< nullopt when the file was lost
};

/// Writes it in one durable step.
Result<void> write_bootstrap_file(const std::filesystem::path& path, const BootstrapFile& file);

/// The owner's secret of an earlier start, if the file is there and is for that owner.
std::optional<Secret> read_owner_secret(const std::filesystem::path& path, std::string_view client_id);

} // namespace berth::app
