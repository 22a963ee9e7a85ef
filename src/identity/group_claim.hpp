#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/outside_groups.hpp"
#include "identity/trusted_issuer.hpp"
#include "storage/database.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::identity {

/// How many groups one outside token can name, how long the name of one is in bytes, and to how many groups of the directory
/// they can lead.
inline constexpr std::size_t most_outside_groups = 200;
inline constexpr std::size_t longest_outside_group = 256;
inline constexpr std::size_t most_linked_groups = 100;

/// The groups that a verified token's claims list: the claim is an array of texts, or one text. Each once, in order. None where
/// the claim is missing, or `claim` is empty. `invalid_credentials` where it is something else or too large, or where the
/// issuer says that it left the groups out (`_claim_names`, OpenID Connect Core 1.0 section 5.6.2; `hasgroups` of Entra ID):
/// what denies them something would not count.
Result<std::vector<std::string>> groups_in(const boost::json::value& claims, std::string_view claim);

/// What groups of this issuer are linked to, for use in a closure of `Database`. `invalid_credentials` for too many links.
Result<OutsideGroups> linked_groups(storage::Session& session, const TrustedIssuer& issuer, std::span<const std::string> groups,
                                    Timestamp until);

} // namespace berth::identity
