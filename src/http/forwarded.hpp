#pragma once

#include "base/result.hpp"
#include "http/head.hpp"
#include "http/ip_address.hpp"
#include "http/message.hpp"

#include <optional>
#include <string>
#include <vector>

namespace berth::http {

/// The proxies whose word about the client counts.
class TrustedProxies {
public:
    TrustedProxies() = default;
    /// From addresses and CIDR blocks; `invalid_parameter` names the one that is neither.
    static Result<TrustedProxies> parse(const std::vector<std::string>& blocks);
    bool contains(const IpAddress& address) const noexcept;

private:
    std::vector<IpNetwork> networks_;
};

/// Takes over what a trusted proxy at `peer` says about the client: `remote_address`, `secure` and `host`, from
/// `Forwarded` (RFC 7239) or `X-Forwarded-For`, `-Proto` and `-Host`. The client is the last address that is no trusted
/// proxy itself; proto and host are those said along with it. Both kinds at once must agree, since a client can send
/// the kind that the proxy does not write; else the request is refused.
std::optional<Refusal> apply_forwarded(Request& request, const IpAddress& peer, const TrustedProxies& proxies);

} // namespace berth::http
