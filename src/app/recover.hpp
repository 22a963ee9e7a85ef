#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace berth::app {

/// What `berth recover` did.
struct Recovered {
    std::string client_id;
    std::string object_id;
    std::string subscription;
    std::filesystem::path file;     ///< bootstrap.json, with the new secret
    std::vector<std::string> steps; ///< one sentence each, for people
};

/// Makes the first start's Owner one that can sign in and do everything, with a new secret in `bootstrap.json`. `not_found`
/// for a folder that holds no data of berth, `forbidden` for one of another user of this machine, `conflict` while a server
/// serves it; the messages say what to do. A crash on the way leaves a secret that nobody knows: run it again.
Result<Recovered> recover(const std::filesystem::path& data);

} // namespace berth::app
