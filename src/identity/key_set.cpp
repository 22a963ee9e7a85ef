#include "identity/key_set.hpp"

#include "base/strict_json.hpp"

#include <fmt/format.h>

namespace berth::identity {

Result<std::vector<VerificationKey>> parse_key_set(std::string_view json) {
    const auto parsed = parse_json(json, {.depth = 8});
    const auto* keys = parsed ? find_member(*parsed, "keys") : nullptr;
    if (keys == nullptr || !keys->is_array()) {
        return failure(ErrorCode::invalid_parameter, "The answer is no set of keys (RFC 7517).");
    }
    std::vector<VerificationKey> out;
    for (const auto& one : keys->get_array()) {
        if (out.size() == most_keys) break;
        auto key = VerificationKey::from_jwk(one);
        if (key) out.push_back(std::move(*key));
    }
    if (out.empty()) {
        return failure(ErrorCode::invalid_parameter, "The set of keys holds none that tokens can be checked with.");
    }
    return out;
}

Result<std::string> parse_key_set_address(std::string_view json, std::string_view issuer) {
    const auto parsed = parse_json(json, {.depth = 16});
    if (!parsed) return failure(ErrorCode::invalid_parameter, "The OpenID metadata is no JSON.");
    const auto stated = find_string(*parsed, "issuer");
    if (stated != issuer) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("The OpenID metadata is that of the issuer '{}'.", stated.value_or("")));
    }
    const auto address = find_string(*parsed, "jwks_uri");
    if (!address || address->empty()) return failure(ErrorCode::invalid_parameter, "The OpenID metadata lacks 'jwks_uri'.");
    return std::string(*address);
}

} // namespace berth::identity
