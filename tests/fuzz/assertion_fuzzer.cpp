// JWTs of other makers, their certificates and key sets. The first byte says what the rest is: a token; a header and claims,
// parted by a zero byte; a certificate; a set of keys; OpenID metadata; the setting of a trusted issuer, or groups as berth's
// own tokens carry them.
#include "base/encoding.hpp"
#include "identity/assertion.hpp"
#include "identity/certificate.hpp"
#include "identity/group_claim.hpp"
#include "identity/key_set.hpp"
#include "identity/trusted_issuer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace berth;
using namespace berth::identity;

void check(std::string_view token) {
    const auto assertion = Assertion::parse(token);
    if (!assertion) return;
    if (assertion->issuer.empty() || assertion->subject.empty() || assertion->audiences.empty()) std::abort();
    if (assertion->token != token) std::abort();
    (void)assertion->check_time(Timestamp(std::chrono::seconds(1'800'000'000)), std::chrono::hours(1));
    (void)assertion->is_for("api://x");
    const auto groups = groups_in(assertion->claims, "groups");
    if (groups && groups->size() > most_outside_groups) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 6) {
    case 0: check(text); break;
    case 1: {
        const auto end = text.find('\0');
        const std::string_view claims = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        check(to_base64url(as_bytes(text.substr(0, end))) + "." + to_base64url(as_bytes(claims)) + ".AAAA");
        break;
    }
    case 2: {
        const auto certificate = Certificate::parse(as_bytes(text));
        if (certificate && (certificate->sha1.size() != 20 || certificate->sha256.size() != 32)) std::abort();
        break;
    }
    case 3: {
        const auto keys = parse_key_set(text);
        if (!keys) break;
        for (const VerificationKey& key : *keys) {
            if (key.allows("none") || key.allows("HS256") || key.verify("e30.e30.AAAA", "HS256")) std::abort();
        }
        break;
    }
    case 4: (void)parse_key_set_address(text, "https://issuer.example"); break;
    default: {
        (void)TrustedIssuer::parse(text);
        const auto groups = OutsideGroups::parse(text);
        if (groups && OutsideGroups::parse(groups->to_text()) != *groups) std::abort();
    }
    }
    return 0;
}
