#include "directory/graph_routes.hpp"

#include "gateway/response.hpp"
#include "storage/events.hpp"
#include "tenant/directory_store.hpp"

#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <set>

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

Task<Result<Response>> run(const Services& services, Context& context, const GraphHandler& handler) {
    auto handling = handler(services, context);
    auto response = co_await std::move(handling);
    if (!response && response.error().protocol_code.empty()) {
        response.error().protocol_code = graph_code(response.error().code);
    }
    co_return response;
}

// Routes keep views of names and patterns; these live as long as the program, and there are as many as routes.
std::string_view kept(const std::string& text) {
    static std::set<std::string> texts;
    static std::mutex mutex;
    const std::scoped_lock lock(mutex);
    return *texts.insert(text).first;
}

} // namespace

std::vector<gateway::Route> graph_routes(const Services& services, std::vector<GraphRoute> rows) {
    std::vector<gateway::Route> out;
    for (GraphRoute& row : rows) {
        gateway::Route route;
        route.id = kept("graph." + row.id);
        route.method = row.method;
        route.pattern = kept("/v1.0" + row.pattern);
        route.protocol = gateway::Protocol::graph;
        route.entry = {gateway::EntryKind::all, std::move(row.permissions), {}};
        route.further = std::move(row.further);
        route.body_limit = row.has_body ? largest_graph_body : 0;
        const auto handler = std::make_shared<const GraphHandler>(std::move(row.handler));
        route.handler = [services, handler](Context& context) { return run(services, context, *handler); };
        route.summary = kept(row.summary);
        out.push_back(std::move(route));
    }
    return out;
}

std::unexpected<Error> no_such_resource(std::string_view id) {
    return failure(
        ErrorCode::not_found,
        fmt::format("Resource '{}' does not exist or one of its queried reference-property objects are not present.", id));
}

Result<Guid> object_id(const Context& context, std::string_view name) {
    const auto id = Guid::parse(context.parameter(name));
    if (id) return *id;
    return failure(ErrorCode::invalid_parameter, fmt::format("Invalid object identifier '{}'.", context.parameter(name)));
}

Task<Result<void>> change_directory(const Services& services, Context& context,
                                    std::function<Result<storage::Event>(storage::Session&)> change) {
    const auto write = [&](storage::Session& session) -> Result<void> {
        // The right may have been taken away since the request was decided.
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
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

Task<Result<Response>> change_without_content(const Services& services, Context& context,
                                              std::function<Result<storage::Event>(storage::Session&)> change) {
    auto changing = change_directory(services, context, std::move(change));
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::empty_response(204);
}

Task<Result<boost::json::value>> object_body(Context& context) {
    auto json = co_await context.json_body();
    if (json && !json->is_object()) co_return failure(ErrorCode::invalid_parameter, "The body must be a JSON object.");
    co_return json;
}

Result<std::string> parse_display_name(const boost::json::value& given) {
    if (given.is_string() && !given.get_string().empty() && given.get_string().size() <= longest_display_name) {
        return std::string(given.get_string());
    }
    return failure(ErrorCode::invalid_parameter,
                   fmt::format("'displayName' must be a string of 1 to {} characters.", longest_display_name));
}

} // namespace berth::directory
