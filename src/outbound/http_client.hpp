#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::outbound {

struct ClientRequest {
    std::string method = "GET";
    std::string url; ///< http or https
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string ca_file; ///< PEM to trust instead of the system's; empty: the system's
    std::chrono::seconds timeout{60};
    std::size_t answer_limit = 16 * 1024 * 1024; ///< bytes of an answer's body
};

struct ClientResponse {
    unsigned status = 0;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers{}; ///< names in lower case, of the last answer
    /// The first of that name (in lower case); empty if there is none.
    std::string header(std::string_view name) const;
};

/// Sends one request and waits for the whole answer; redirects are not followed. `unavailable` with a message for people
/// when there is no answer (name, connection, certificate, time), `payload_too_large` for one that is too long.
/// Thread-safe; blocks.
Result<ClientResponse> send(const ClientRequest& request);

} // namespace berth::outbound
