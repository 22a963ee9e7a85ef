#include "directory/password_request.hpp"

#include "base/strict_json.hpp"

#include <fmt/format.h>

namespace berth::directory {
namespace {

using boost::json::value;

constexpr std::chrono::days usual_lifetime{730};
constexpr std::chrono::days longest_lifetime{36'500};
constexpr std::size_t longest_display_name = 120;

std::unexpected<Error> invalid(std::string message) { return failure(ErrorCode::invalid_parameter, std::move(message)); }

Result<std::optional<Timestamp>> parse_time(const value& in, std::string_view name) {
    const value* member = find_member(in, name);
    if (member == nullptr) return std::optional<Timestamp>();
    auto time = member->is_string() ? parse_rfc3339(member->get_string()) : std::nullopt;
    if (!time) return invalid(fmt::format("'{}' must be a time such as 2027-01-31T00:00:00Z.", name));
    return time;
}

} // namespace

Result<PasswordRequest> PasswordRequest::parse(const value& body, Timestamp now) {
    PasswordRequest out;
    const value* wanted = find_member(body, "passwordCredential");
    if (!body.is_null() && !body.is_object()) return invalid("The body must be a JSON object.");
    if (wanted != nullptr && !wanted->is_object()) return invalid("'passwordCredential' must be an object.");
    const value nothing = nullptr;
    const value& in = wanted != nullptr ? *wanted : nothing;
    if (const value* name = find_member(in, "displayName")) {
        if (!name->is_string() || name->get_string().size() > longest_display_name) {
            return invalid(fmt::format("'displayName' must be a string of at most {} characters.", longest_display_name));
        }
        out.display_name = std::string(name->get_string());
    }
    auto start = parse_time(in, "startDateTime");
    if (!start) return failure(std::move(start));
    auto end = parse_time(in, "endDateTime");
    if (!end) return failure(std::move(end));
    out.starts_at = start->value_or(now);
    if (out.starts_at > now + longest_lifetime) return invalid("'startDateTime' is more than a hundred years away.");
    out.ends_at = end->value_or(out.starts_at + usual_lifetime);
    if (out.ends_at <= now || out.ends_at <= out.starts_at) {
        return invalid("'endDateTime' must lie in the future and after 'startDateTime'.");
    }
    if (out.ends_at > now + longest_lifetime) return invalid("'endDateTime' is more than a hundred years away.");
    return out;
}

} // namespace berth::directory
