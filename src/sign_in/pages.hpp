#pragma once

#include "http/message.hpp"
#include "tenant/principal.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace berth::sign_in {

/// What every page of one sign-in knows.
struct PageFacts {
    std::string directory;                 ///< the tenant's name
    std::string client;                    ///< what one signs in to; empty: nothing yet
    std::string pending;                   ///< sealed `PendingSignIn`
    std::string form_target{};             ///< where the answer goes at the end
    std::optional<std::string> provider{}; ///< what an outside provider is called, if there is one
};

/// Asks for name and password. `wrong` says what was wrong with the last ones.
http::Response password_page(unsigned status, const PageFacts& facts, std::string_view name, std::string_view wrong);
/// Asks whether to go on as the one who is signed in.
http::Response account_page(const PageFacts& facts, const tenant::Principal& person);
/// Asks for the code that a device shows.
http::Response device_code_page(unsigned status, const PageFacts& facts, std::string_view wrong);
/// Asks whether the device is the person's own: a code that somebody else sent signs that one in.
http::Response device_consent_page(const PageFacts& facts, const tenant::Principal& person, std::string_view address);
/// Says one thing.
http::Response message_page(unsigned status, std::string_view heading, std::string_view text);

} // namespace berth::sign_in
