#include "identity/trusted_issuer.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "outbound/target_url.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::identity {
namespace {

constexpr std::size_t longest = 512;

std::unexpected<Error> invalid(std::string_view text, std::string_view why) {
    return failure(ErrorCode::invalid_parameter,
                   fmt::format("The trusted issuer '{}': {}. Write "
                               "issuer=URL[,audience=TEXT][,subject-claim=NAME][,groups-claim=NAME][,key-set=URL].",
                               text, why));
}

} // namespace

Result<TrustedIssuer> TrustedIssuer::parse(std::string_view text) {
    TrustedIssuer out;
    std::vector<std::string_view> seen;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::string_view part = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        const std::size_t equals = part.find('=');
        const std::string_view name = part.substr(0, equals);
        const std::string_view value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
        if (value.empty() || value.size() > longest) return invalid(text, fmt::format("'{}' has no value", name));
        if (name == "audience") {
            out.audiences.emplace_back(value);
            continue;
        }
        if (std::ranges::find(seen, name) != seen.end()) return invalid(text, fmt::format("'{}' is there twice", name));
        seen.push_back(name);
        if (name == "issuer") {
            out.issuer = value;
        } else if (name == "subject-claim") {
            out.subject_claim = value;
        } else if (name == "groups-claim") {
            out.groups_claim = value;
        } else if (name == "key-set") {
            out.key_set = value;
        } else {
            return invalid(text, fmt::format("there is no setting '{}'", name));
        }
    }
    if (!outbound::TargetUrl::parse(out.issuer)) return invalid(text, "its issuer must be an https address");
    if (!out.key_set.empty() && !outbound::TargetUrl::parse(out.key_set)) {
        return invalid(text, "its key-set must be an https address");
    }
    return out;
}

std::string TrustedIssuer::group_source() const {
    if (groups_claim.empty()) return {};
    return to_base64url(Digest::of(as_bytes(fmt::format("{}\n{}", issuer, groups_claim))).bytes()).substr(0, 22);
}

} // namespace berth::identity
