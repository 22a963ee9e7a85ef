#include "directory/graph_routes.hpp"

#include "base/strict_json.hpp"
#include "storage/events.hpp"
#include "tenant/directory_store.hpp"

#include <fmt/format.h>

namespace berth::directory {
namespace {

using gateway::Context;
using gateway::Services;
using http::Response;

constexpr std::size_t longest_display_name = 256;

std::string_view graph_code(ErrorCode code) noexcept {
    switch (code) {
    case ErrorCode::not_found: return "Request_ResourceNotFound";
    case ErrorCode::already_exists:
    case ErrorCode::conflict: return "Request_MultipleObjectsWithSameKeyValue";
    case ErrorCode::directory_forbidden: return "Authorization_RequestDenied";
    case ErrorCode::bad_request:
    case ErrorCode::invalid_json:
    case ErrorCode::invalid_parameter: return "Request_BadRequest";
    case ErrorCode::limit_exceeded: return "Directory_QuotaExceeded";
    default: return {};
    }
}

Task<Result<Response>> run(const Services& services, Context& context,
                           Task<Result<Response>> (*handler)(const Services&, Context&)) {
    auto response = co_await handler(services, context);
    if (!response && response.error().protocol_code.empty()) {
        response.error().protocol_code = graph_code(response.error().code);
    }
    co_return response;
}

} // namespace

std::vector<gateway::Route> graph_routes(const Services& services, std::initializer_list<GraphRoute> rows) {
    std::vector<gateway::Route> out;
    for (const GraphRoute& row : rows) {
        gateway::Route route;
        route.id = row.id;
        route.method = row.method;
        route.pattern = row.pattern;
        route.protocol = gateway::Protocol::graph;
        route.entry = {gateway::EntryKind::all, row.permissions, {}};
        route.further = row.further;
        route.body_limit = row.body_limit;
        route.handler = [services, handler = row.handler](Context& context) { return run(services, context, handler); };
        route.summary = row.summary;
        out.push_back(std::move(route));
    }
    return out;
}

Result<Guid> object_id(const Context& context, std::string_view name) {
    const auto id = Guid::parse(context.parameter(name));
    if (id) return *id;
    return failure(ErrorCode::invalid_parameter, fmt::format("Invalid object identifier '{}'.", context.parameter(name)));
}

Task<Result<void>> change_directory(const Services& services, Context& context,
                                    std::function<Result<storage::Event>(storage::Session&)> change) {
    const auto write = [&](storage::Session& session) -> Result<void> {
        auto event = change(session);
        if (!event) return failure(std::move(event));
        auto administered = tenant::is_directory_role_held(session, tenant::global_administrator_role);
        if (!administered) return failure(std::move(administered));
        if (!*administered) {
            return failure(ErrorCode::invalid_parameter,
                           "This would leave the directory without an enabled Global Administrator, and nobody could undo "
                           "it.");
        }
        return storage::append_event(session, context.now(), *event);
    };
    auto writing = services.database.write(write);
    auto written = co_await std::move(writing);
    if (!written) co_return failure(std::move(written));
    auto refreshed = co_await services.tenancy.refresh();
    services.credentials.forget_remembered();
    co_return refreshed;
}

Task<Result<boost::json::value>> object_body(Context& context) {
    auto json = co_await context.json_body();
    if (json && !json->is_object()) co_return failure(ErrorCode::invalid_parameter, "The body must be a JSON object.");
    co_return json;
}

Result<std::string> parse_display_name(const boost::json::value& body) {
    const auto name = find_string(body, "displayName");
    if (!name || name->empty() || name->size() > longest_display_name) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("'displayName' must be a string of 1 to {} characters.", longest_display_name));
    }
    return std::string(*name);
}

} // namespace berth::directory
