#include "sign_in/pending_sign_in.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "identity/handle.hpp"
#include "sign_in/cookies.hpp"

#include <boost/json/serialize.hpp>

namespace berth::sign_in {
namespace {

using gateway::Context;
using gateway::Services;

constexpr std::string_view purpose = "sign-in";
constexpr std::chrono::hours lifetime{1};
constexpr std::size_t longest_browser = 128;

std::unexpected<Error> not_here() {
    return failure(ErrorCode::bad_request, "This page is too old, or it was made for another browser, or cookies are off. Go "
                                           "back to where you came from and sign in again.");
}

} // namespace

std::string PendingSignIn::seal(const Services& services, std::string_view browser, Timestamp now) const {
    boost::json::object json{{"browser", identity::handle_id(browser)},
                             {"at", to_unix_seconds(now)},
                             {"user_code", user_code},
                             {"provider_nonce", provider_nonce},
                             {"provider_verifier", provider_verifier}};
    if (request) json["request"] = request->to_json();
    return to_base64url(services.seal.seal(purpose, as_bytes(boost::json::serialize(json))));
}

Result<PendingSignIn> PendingSignIn::open(const Services& services, const Context& context, std::string_view sealed) {
    const auto browser = find_cookie(context, Cookie::browser);
    const auto bytes = from_base64url(sealed);
    if (!browser || !bytes) return not_here();
    const auto plain = services.seal.unseal(purpose, *bytes);
    if (!plain) return not_here();
    const auto json = parse_json(as_text(*plain));
    if (!json || find_string(*json, "browser") != identity::handle_id(*browser)) return not_here();
    const auto at = find_integer(*json, "at");
    if (!at || *at + std::chrono::seconds(lifetime).count() < to_unix_seconds(context.now())) return not_here();
    PendingSignIn out;
    out.user_code = find_string(*json, "user_code").value_or("");
    out.provider_nonce = find_string(*json, "provider_nonce").value_or("");
    out.provider_verifier = find_string(*json, "provider_verifier").value_or("");
    if (const auto* asked = find_member(*json, "request")) {
        out.request = AuthorizationRequest::from_json(*asked);
        if (!out.request) return not_here();
    }
    return out;
}

Browser browser_of(const Context& context) {
    const auto known = find_cookie(context, Cookie::browser);
    if (known && !known->empty() && known->size() <= longest_browser) return {std::string(*known), false};
    return {identity::make_handle().value.reveal(), true};
}

Result<void> check_same_origin(const Context& context) {
    const auto origin = context.request().headers.find("origin");
    // The scheme is left out: in front of a proxy that ends TLS the browser sees another one.
    if (!origin || origin->ends_with("://" + context.request().host)) return {};
    return failure(ErrorCode::bad_request, "Another site sent this form: nothing was done.");
}

} // namespace berth::sign_in
