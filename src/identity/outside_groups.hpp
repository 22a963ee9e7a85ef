#pragma once

#include "base/guid.hpp"
#include "base/time.hpp"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::identity {

/// What the word of an outside issuer on somebody's groups came to: links to groups of the directory (`tenant::OutsideGroup`).
/// Which groups a link leads to is decided at each request.
struct OutsideGroups {
    std::string source;      ///< whose word it is: `TrustedIssuer::group_source`
    Timestamp until{};       ///< how long it counts: nothing that is made with it lives longer. Whole seconds
    std::vector<Guid> links; ///< their ids

    bool empty() const noexcept { return links.empty(); }
    /// How tokens and rows hold it, one line: `<source> <seconds since 1970> <id> <id>…`. Empty for no links.
    std::string to_text() const;
    /// nullopt for anything else.
    static std::optional<OutsideGroups> parse(std::string_view text);
    /// From the claim `berth_groups` of a token of berth's own, which is there only where there are links.
    static std::optional<OutsideGroups> of_claims(const boost::json::value& claims);
    bool operator==(const OutsideGroups&) const = default;
};

} // namespace berth::identity
