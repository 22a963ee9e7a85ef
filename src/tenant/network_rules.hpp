#pragma once

#include "base/ip_address.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace berth::tenant {

/// From which addresses the data plane of a registry (/v2, /acr/v1, /oauth2) may be used: `properties.networkRuleSet` and
/// `properties.publicNetworkAccess`. ARM has none of this: who was locked out can change the rules.
struct NetworkRules {
    bool public_access = true;      ///< false: from nowhere; berth has no private endpoints
    bool allowed_by_default = true; ///< `defaultAction`
    std::vector<IpNetwork> allowed; ///< `ipRules`, which count when nothing is allowed by default

    /// How many blocks `ipRules` may have (Azure's limit for Premium).
    static constexpr std::size_t max_blocks = 100;

    /// Whether a client at this address may go on. An address that is none is let in only where every one is.
    bool admits(std::string_view address) const noexcept;
    bool operator==(const NetworkRules&) const = default;
};

/// The rules as ARM writes them. What is missing has Azure's default, which opens; a rule that cannot be read allows nothing.
NetworkRules network_rules_of(const boost::json::value& properties);

} // namespace berth::tenant
