#include "gateway/request_log.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>

namespace berth::gateway {
namespace {

// Whoever asks may send as many letters as a head has room for.
constexpr std::size_t longest_method = 32;

// Every request writes a line, so that most members are put there as they are: a document made for it takes as long as the
// rest of a small answer.
bool needs_no_escape(char c) noexcept { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

void add(std::string& line, std::string_view name, std::string_view text) {
    line += ",\"";
    line += name;
    line += "\":";
    if (std::ranges::all_of(text, needs_no_escape)) {
        line += '"';
        line += text;
        line += '"';
    } else {
        line += boost::json::serialize(boost::json::value(text));
    }
}

void add(std::string& line, std::string_view name, std::integral auto number) {
    std::array<char, 24> digits; // NOLINT: filled by to_chars
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    line += ",\"";
    line += name;
    line += "\":";
    line.append(digits.data(), end);
}

} // namespace

void write_request_log(const RequestRecord& record) {
    const bool refused = record.status == 401 || record.status == 403;
    const bool had_credentials = record.request.headers.find("authorization").has_value();
    // A first call without credentials is how clients ask for the challenge: nothing to look at.
    // 501 says what is not built, which is no fault of the server.
    const bool fault = record.status >= 500 && record.status != 501;
    const auto level = fault ? spdlog::level::err : refused && had_credentials ? spdlog::level::warn : spdlog::level::info;
    if (!spdlog::should_log(level)) return;

    std::string line;
    line.reserve(400);
    line += "{\"event\":\"request\"";
    add(line, "route", record.route != nullptr ? std::string_view(record.route->id) : "none");
    add(line, "method", std::string_view(record.request.method_name).substr(0, longest_method));
    add(line, "status", record.status);
    add(line, "microseconds", record.took.count());
    add(line, "remote", record.request.remote_address);
    add(line, "correlationId", record.correlation_id);
    if (record.registry != nullptr) add(line, "registry", record.registry->name);
    if (!record.repository.empty()) add(line, "repository", record.repository);
    if (!record.caller.name.empty()) add(line, "caller", record.caller.name);
    if (record.caller.principal) add(line, "objectId", record.caller.principal->value());
    if (record.error && (record.status >= 500 || had_credentials || !refused)) add(line, "error", record.error->message);
    line += '}';
    spdlog::default_logger_raw()->log(spdlog::source_loc{}, level, line); // without a format: the text is done
}

} // namespace berth::gateway
