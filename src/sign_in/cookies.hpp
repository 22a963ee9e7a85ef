#pragma once

#include "gateway/context.hpp"
#include "http/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace berth::sign_in {

/// The two cookies of the sign-in page: neither can be read by scripts or is sent with another site's posts.
enum class Cookie : std::uint8_t {
    browser, ///< which browser this is: what a form was made for
    session, ///< who signed in there
};

/// The cookie's value, as the browser sent it; nullopt if it did not. Several servers on one host (browsers do not look at
/// ports) keep theirs apart by the tenant.
std::optional<std::string_view> find_cookie(const gateway::Context& context, Cookie cookie);
/// Until the browser ends.
void set_cookie(http::Response& response, const gateway::Context& context, Cookie cookie, std::string_view value);
void clear_cookie(http::Response& response, const gateway::Context& context, Cookie cookie);

} // namespace berth::sign_in
