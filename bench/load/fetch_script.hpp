#pragma once

#include "load/script.hpp"

#include <memory>

namespace load {

/// What is asked for again and again.
struct Fetch {
    std::string path;
    unsigned status = 200;
    std::string digest;              ///< of the body; empty: any body with `body_contains`, which differs from time to time
    std::string body_contains;       ///< where the body has no digest
    std::string token_path;          ///< where a registry token is asked for, or empty: none is
    std::string token_authorization; ///< Basic credentials for that
    unsigned requests_per_token = 5;
    std::string body; ///< the first right body: later ones are compared with it
};

/// GET of one path; with a new token every few requests where the fetch says so. Counts the GETs, not the tokens.
std::unique_ptr<Script> fetch_script(const Target& target, Fetch& fetch, Budget& budget);

} // namespace load
