#pragma once

#include "base/result.hpp"
#include "gateway/context.hpp"
#include "gateway/services.hpp"
#include "sign_in/authorization_request.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace berth::sign_in {

/// What a browser is about to finish by signing in. It travels through the pages' forms, sealed, and counts only in the
/// browser that it was made for and for an hour: so a form of another site, or one made in another browser, does nothing.
struct PendingSignIn {
    std::optional<AuthorizationRequest> request; ///< a client's; nothing: a code of a device
    std::string user_code;                       ///< of the device; empty before it was entered
    std::string provider_nonce{};                ///< of a hand-over to an outside provider
    std::string provider_verifier{};             ///< the same

    /// For a form field. `browser` is the value of the browser's cookie.
    std::string seal(const gateway::Services& services, std::string_view browser, Timestamp now) const;
    /// `bad_request`, with a message for people, if it is not this browser's, not one of berth's, or too old.
    static Result<PendingSignIn> open(const gateway::Services& services, const gateway::Context& context,
                                      std::string_view sealed);
};

/// The value of the browser's cookie, or a new one that has to be set (`is_new`).
struct Browser {
    std::string value;
    bool is_new = false;
};
Browser browser_of(const gateway::Context& context);

/// Fails for a form that another site sent, as far as the browser says so (`Origin`).
Result<void> check_same_origin(const gateway::Context& context);

} // namespace berth::sign_in
