#include "identity/sign_in_provider.hpp"

#include "outbound/target_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <vector>

namespace berth::identity {
namespace {

constexpr std::size_t longest = 512;

std::unexpected<Error> invalid(std::string_view why) {
    return failure(ErrorCode::invalid_parameter, fmt::format("The sign-in provider: {}. Write "
                                                             "issuer=URL,client-id=TEXT[,client-secret-file=PATH][,name=TEXT].",
                                                             why));
}

} // namespace

Result<SignInProvider> SignInProvider::parse(std::string_view text) {
    SignInProvider out;
    std::vector<std::string_view> seen;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view part = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        const std::size_t equals = std::min(part.find('='), part.size());
        const std::string_view name = part.substr(0, equals);
        const std::string_view value = part.substr(std::min(equals + 1, part.size()));
        if (value.empty() || value.size() > longest) return invalid(fmt::format("'{}' has no value", name));
        if (std::ranges::find(seen, name) != seen.end()) return invalid(fmt::format("'{}' is there twice", name));
        seen.push_back(name);
        if (name == "issuer") {
            out.issuer = value;
        } else if (name == "client-id") {
            out.client_id = value;
        } else if (name == "name") {
            out.name = value;
        } else if (name == "client-secret-file") {
            std::ifstream in{std::string(value)};
            std::string line;
            if (!std::getline(in, line) || line.empty()) return invalid(fmt::format("'{}' holds no secret", value));
            out.client_secret = Secret(std::move(line));
        } else {
            return invalid(fmt::format("there is no setting '{}'", name));
        }
    }
    if (!outbound::TargetUrl::parse(out.issuer)) return invalid("its issuer must be an https address");
    if (out.client_id.empty()) return invalid("it needs a client-id");
    return out;
}

} // namespace berth::identity
