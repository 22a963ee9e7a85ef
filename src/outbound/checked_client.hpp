#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "outbound/allowed_destinations.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::outbound {

/// One call to another server, which outside input may have chosen.
struct CheckedRequest {
    std::string method = "GET";
    std::string url; ///< absolute, https; http only where it was allowed
    std::vector<std::pair<std::string, std::string>> headers{};
    /// The value of `Authorization`. It goes to scheme, host and port of `url` and, over redirects, nowhere else.
    Secret authorization{};
    std::string body{};
    std::uint64_t answer_limit = 1024 * 1024; ///< bytes of an answer's body
    std::chrono::seconds timeout{60};         ///< for all of it; 0: only a server that is silent or slow ends it
    unsigned redirects = 5;                   ///< followed at most, for GET and HEAD
    std::stop_token stop{};                   ///< ends the call soon with `unavailable`
};

struct CheckedResponse {
    unsigned status = 0;
    std::vector<std::pair<std::string, std::string>> headers{}; ///< names in lower case, in their order
    std::string body{};
    std::string url{}; ///< what answered, after redirects

    /// The first of that name (in lower case), or nullopt.
    std::optional<std::string_view> header(std::string_view name) const noexcept;
};

/// Takes a body while it arrives.
class BodySink {
public:
    virtual ~BodySink() = default;
    /// The head of an answer with a status of 200 to 299: a failure ends the call with it.
    virtual Result<void> begin(const CheckedResponse& head) = 0;
    virtual Result<void> take(std::span<const std::byte> bytes) = 0;
};

struct CheckedClientOptions {
    AllowedDestinations allowed{};
    std::string ca_file{}; ///< PEM to trust beside the system's; empty: only these
    std::chrono::seconds connect_timeout{15};
    /// A server that sends fewer than `slowest` bytes a second for so long is given up.
    std::chrono::seconds patience{30};
    long slowest = 256;
};

/// Calls to other servers over libcurl. Each connection goes to an address that was checked when it was made: the public
/// Internet, or what `allowed` names. No proxy is used, no cookie kept, no compression asked for. Connections are kept for the
/// next call. Thread-safe; blocks: call it on a worker.
class CheckedClient {
public:
    explicit CheckedClient(CheckedClientOptions options);
    ~CheckedClient();
    CheckedClient(const CheckedClient&) = delete;
    CheckedClient& operator=(const CheckedClient&) = delete;

    /// The whole answer, whatever its status. `invalid_parameter` for an address that berth does not connect to, for a URL
    /// that is none and for a certificate that does not hold; `payload_too_large` for an answer above the limit; `unavailable`
    /// when there is no (whole) answer.
    Result<CheckedResponse> send(const CheckedRequest& request) const;
    /// The same; the body of an answer with a status of 200 to 299 goes to `sink`, of which `answer_limit` is the limit.
    /// Another one's body, up to 64 KiB of it, is in the response. What the sink fails with is passed on.
    Result<CheckedResponse> stream(const CheckedRequest& request, BodySink& sink) const;

    /// What can be said of a URL before anything is called: its form, its scheme and, where the host is an address, that.
    /// `invalid_parameter`.
    Result<void> check(std::string_view url) const;

    const AllowedDestinations& allowed() const noexcept { return options_.allowed; }

private:
    class Handles;
    Result<CheckedResponse> follow(const CheckedRequest& request, BodySink* sink) const;

    CheckedClientOptions options_;
    std::unique_ptr<Handles> handles_;
};

} // namespace berth::outbound
