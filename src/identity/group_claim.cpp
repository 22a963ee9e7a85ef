#include "identity/group_claim.hpp"

#include "base/strict_json.hpp"
#include "tenant/outside_group_store.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace berth::identity {
namespace {

std::unexpected<Error> refused(std::string_view claim, std::string_view why) {
    return failure(ErrorCode::invalid_credentials, fmt::format("The token's claim '{}', its groups, {}.", claim, why));
}

bool left_out(const boost::json::value& claims, std::string_view claim) {
    const auto* elsewhere = find_member(claims, "_claim_names");
    if (elsewhere != nullptr && find_member(*elsewhere, claim) != nullptr) return true;
    const auto* marked = claim == "groups" ? find_member(claims, "hasgroups") : nullptr;
    return marked != nullptr && *marked != false && *marked != "false";
}

} // namespace

Result<std::vector<std::string>> groups_in(const boost::json::value& claims, std::string_view claim) {
    std::vector<std::string> out;
    if (claim.empty()) return out;
    if (left_out(claims, claim)) {
        return refused(claim,
                       "is left out: there are more than the issuer puts into a token, and berth looks nowhere else. Have "
                       "it put fewer in, such as only those that the application uses");
    }
    const auto* given = find_member(claims, claim);
    if (given == nullptr) return out;
    const boost::json::array one{*given};
    const auto& all = given->is_array() ? given->get_array() : one;
    if (all.size() > most_outside_groups) {
        return refused(claim, fmt::format("are {}; at most {} are taken", all.size(), most_outside_groups));
    }
    std::unordered_set<std::string_view> seen;
    for (const auto& item : all) {
        const auto* text = item.if_string();
        if (text == nullptr) return refused(claim, "must be an array of texts or one text");
        if (text->size() > longest_outside_group) {
            return refused(claim,
                           fmt::format("has one of {} bytes; at most {} are taken", text->size(), longest_outside_group));
        }
        if (text->find('\0') != boost::json::string::npos) return refused(claim, "has one with a NUL");
        if (seen.insert(*text).second) out.emplace_back(*text);
    }
    return out;
}

Result<OutsideGroups> linked_groups(storage::Session& session, const TrustedIssuer& issuer, std::span<const std::string> groups,
                                    Timestamp until) {
    auto links = tenant::links_of_outside_groups(session, issuer.issuer, groups);
    if (!links) return failure(std::move(links));
    if (links->size() > most_linked_groups) {
        return refused(issuer.groups_claim, fmt::format("lead to groups here in {} ways; at most {} can count. Link fewer, or "
                                                        "put fewer into the token",
                                                        links->size(), most_linked_groups));
    }
    return OutsideGroups{issuer.group_source(), std::chrono::floor<std::chrono::seconds>(until), std::move(*links)};
}

} // namespace berth::identity
