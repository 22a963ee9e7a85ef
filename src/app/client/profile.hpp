#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <filesystem>
#include <string>

namespace berth::app {

/// Where `berth login` signed in and as whom: a file readable by its owner only, `BERTH_PROFILE` or
/// `$XDG_CONFIG_HOME/berth/profile.json` (`~/.config` by default).
struct Profile {
    std::string server;  ///< base address
    std::string ca_file; ///< empty: the system's
    std::string address; ///< the https address that az is told; empty when there is none or it is not known
    std::string address_ca_file;
    std::string tenant;
    std::string subscription;
    std::string resource_group; ///< where registries are made and looked for when nobody says otherwise; may be empty
    std::string client_id;
    Secret client_secret;
};

std::filesystem::path profile_path();
/// `not_found` with what to do when nobody signed in yet.
Result<Profile> load_profile();
Result<void> save_profile(const Profile& profile);
/// Whether there was one.
Result<bool> remove_profile();

} // namespace berth::app
