#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "tenant/bootstrap.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace berth::app {

/// Whether the first start's Owner can still sign in with the secret of `bootstrap.json`.
enum class OwnerState : std::uint8_t {
    ready,
    without_secret, ///< the file was lost, or the secret in it ended or was removed
    disabled,
    gone,
};

/// `DIR/bootstrap.json`: where the server is and how its owner signs in, for scripts; readable by its owner only. The
/// database holds only a hash of the secret, so the secret is carried over from one start to the next in this file.
struct BootstrapFile {
    std::string http; ///< base address, or empty when it does not listen
    std::string https;
    std::string for_people{}; ///< the https address that people type, with a name that the certificate is for; or empty
    std::filesystem::path authority_file;
    tenant::Bootstrap bootstrap;
    std::string login_server;           ///< empty without a registry
    std::optional<Secret> owner_secret; ///< only one that works
    OwnerState owner_state = OwnerState::ready;
    std::string owner_lacks = {}; ///< the role that the owner needs to push to the registry, empty when it may
};

/// Writes it in one durable step. It always has all its keys: null is what is not there.
Result<void> write_bootstrap_file(const std::filesystem::path& path, const BootstrapFile& file);

/// The owner's secret of an earlier start, if the file is there and is for that owner.
std::optional<Secret> read_owner_secret(const std::filesystem::path& path, std::string_view client_id);

/// What an earlier start wrote about where it served: `http`, `https`, `for_people`, `authority_file` and, if the registry is
/// still the same, `login_server` of `file`. They stay as they are when there is no such file.
void read_addresses(const std::filesystem::path& path, BootstrapFile& file);

} // namespace berth::app
