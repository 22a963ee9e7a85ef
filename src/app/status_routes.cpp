#include "app/status_routes.hpp"

#include "gateway/context.hpp"
#include "gateway/response.hpp"

#include <boost/json/object.hpp>

namespace berth::app {
namespace {

using gateway::Context;

gateway::Route status_route(std::string_view id, std::string_view pattern, std::string_view why, gateway::Handler handler,
                            std::string_view summary) {
    return {.id = id,
            .method = http::Method::get,
            .pattern = pattern,
            .protocol = gateway::Protocol::berth,
            .entry = {gateway::EntryKind::open, {}, why},
            .further = {},
            .scope = {},
            .body_limit = 0,
            .handler = std::move(handler),
            .summary = summary};
}

Task<Result<http::Response>> answer(http::Response response) { co_return response; }

} // namespace

std::vector<gateway::Route> status_routes(const std::atomic<bool>& ready, std::function<std::string()> metrics) {
    return {
        status_route(
            "berth.live", "/berth/v1/live", "tells nothing but that the process answers",
            [](Context&) { return answer(gateway::json_response(200, boost::json::object{{"status", "live"}})); },
            "Whether the process answers"),
        status_route(
            "berth.ready", "/berth/v1/ready", "load balancers ask it without credentials and learn yes or no",
            [&ready](Context&) {
                const bool serves = ready.load(std::memory_order_acquire);
                return answer(
                    gateway::json_response(serves ? 200 : 503, boost::json::object{{"status", serves ? "ready" : "draining"}}));
            },
            "Whether it serves"),
        status_route(
            "berth.metrics", "/metrics", "counts by route, no names; Prometheus asks without credentials",
            [metrics = std::move(metrics)](Context&) {
                return answer(gateway::text_response(200, "text/plain; version=0.0.4; charset=utf-8", metrics()));
            },
            "Measures in the Prometheus text format"),
    };
}

} // namespace berth::app
