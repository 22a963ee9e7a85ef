#include "gateway/request_log.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <spdlog/spdlog.h>

namespace berth::gateway {

// Whoever asks may send as many letters as a head has room for.
constexpr std::size_t longest_method = 32;

void write_request_log(const RequestRecord& record) {
    const bool refused = record.status == 401 || record.status == 403;
    const bool had_credentials = record.request.headers.find("authorization").has_value();
    // A first call without credentials is how clients ask for the challenge: nothing to look at.
    // 501 says what is not built, which is no fault of the server.
    const bool fault = record.status >= 500 && record.status != 501;
    const auto level = fault ? spdlog::level::err : refused && had_credentials ? spdlog::level::warn : spdlog::level::info;
    if (!spdlog::should_log(level)) return;

    boost::json::object line{{"event", "request"},
                             {"route", record.route != nullptr ? record.route->id : std::string_view("none")},
                             {"method", std::string_view(record.request.method_name).substr(0, longest_method)},
                             {"status", record.status},
                             {"microseconds", record.took.count()},
                             {"remote", record.request.remote_address},
                             {"correlationId", record.correlation_id}};
    if (record.registry != nullptr) line["registry"] = record.registry->name;
    if (!record.repository.empty()) line["repository"] = record.repository;
    if (!record.caller.name.empty()) line["caller"] = record.caller.name;
    if (record.caller.principal) line["objectId"] = record.caller.principal->value();
    if (record.error && (record.status >= 500 || had_credentials || !refused)) line["error"] = record.error->message;
    spdlog::log(level, "{}", boost::json::serialize(line));
}

} // namespace berth::gateway
