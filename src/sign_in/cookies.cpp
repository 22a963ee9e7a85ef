#include "sign_in/cookies.hpp"

#include <fmt/format.h>

namespace berth::sign_in {
namespace {

using gateway::Context;

bool is_secure(const Context& context) { return context.base_address().starts_with("https://"); }

// The prefix makes browsers refuse the cookie from a neighbour in the domain (RFC 6265bis section 4.1.3.2).
std::string name_of(const Context& context, Cookie cookie) {
    return fmt::format("{}berth-{}-{}", is_secure(context) ? "__Host-" : "", cookie == Cookie::browser ? "browser" : "session",
                       context.world().tenant_id.value().substr(0, 8));
}

} // namespace

std::optional<std::string_view> find_cookie(const Context& context, Cookie cookie) {
    const std::string name = name_of(context, cookie) + "=";
    for (std::string_view rest : context.request().headers.all("cookie")) {
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(';'), rest.size());
            std::string_view one = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
            while (one.starts_with(' ')) one.remove_prefix(1);
            if (one.starts_with(name)) return one.substr(name.size());
        }
    }
    return std::nullopt;
}

void set_cookie(http::Response& response, const Context& context, Cookie cookie, std::string_view value) {
    response.headers.add("Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax{}", name_of(context, cookie), value,
                                                   is_secure(context) ? "; Secure" : ""));
}

void clear_cookie(http::Response& response, const Context& context, Cookie cookie) {
    response.headers.add("Set-Cookie", fmt::format("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{}", name_of(context, cookie),
                                                   is_secure(context) ? "; Secure" : ""));
}

} // namespace berth::sign_in
