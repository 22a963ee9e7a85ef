#pragma once

#include "base/result.hpp"
#include "gateway/limits/request_limits.hpp"
#include "gateway/metrics.hpp"
#include "gateway/route.hpp"
#include "gateway/router.hpp"
#include "gateway/services.hpp"
#include "http/server.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace berth::gateway {

/// The one way in: finds the route, says who calls, decides the entry requirement, runs the handler, shapes errors, logs
/// and counts. Thread-safe after construction.
class Gateway {
public:
    /// Ends the process with a message if the table is wrong: two routes alike, a route without a requirement.
    Gateway(Services services, std::vector<Route> routes, const LimitOptions& limits = {});

    /// For `http::Server`.
    Task<http::Response> handle(http::Request& request);
    /// For `http::Server`: the answer to a head that was refused.
    http::Response refuse(unsigned status, std::string_view reason, std::string_view target) const;

    std::span<const Route> routes() const noexcept { return router_.routes(); }
    Metrics& metrics() noexcept { return metrics_; }

private:
    Task<Result<http::Response>> dispatch(Context& context, RequestLimits::Time started);
    std::string base_address(const http::Request& request, const tenant::Registry* registry) const;
    Task<Result<identity::Caller>> authenticate(const Context& context) const;

    Services services_;
    Router router_;
    Metrics metrics_;
    RequestLimits limits_;
};

} // namespace berth::gateway
