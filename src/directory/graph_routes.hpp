#pragma once

#include "base/guid.hpp"
#include "directory/graph_permissions.hpp"
#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace berth::directory {

/// One row of Graph's route table.
struct GraphRoute {
    std::string_view id{}; ///< `graph.application.create`
    http::Method method = http::Method::get;
    std::string_view pattern{};
    std::vector<const gateway::Permission*> permissions{}; ///< all of them
    std::vector<const gateway::Permission*> further{};
    std::uint64_t body_limit = 0;
    Task<Result<http::Response>> (*handler)(const gateway::Services&, gateway::Context&) = nullptr;
    std::string_view summary{};
};

inline constexpr std::uint64_t largest_graph_body = std::uint64_t{256} << 10;

/// Routes of the protocol `graph`; failures carry Graph's own codes.
std::vector<gateway::Route> graph_routes(const gateway::Services& services, std::initializer_list<GraphRoute> rows);

/// The parameter `name` as an object id. `invalid_parameter` as Graph words it.
Result<Guid> object_id(const gateway::Context& context, std::string_view name = "id");

/// A change of the directory: runs `change` and leaves the event in one transaction, and refuses one that would leave the
/// directory without an enabled Global Administrator. When it returns, every request sees the change and no remembered
/// credential outlives it.
Task<Result<void>> change_directory(const gateway::Services& services, gateway::Context& context,
                                    std::function<Result<storage::Event>(storage::Session&)> change);

/// A body that must be a JSON object. `invalid_parameter`.
Task<Result<boost::json::value>> object_body(gateway::Context& context);
/// A display name: a string of 1 to 256 characters. `invalid_parameter` otherwise.
Result<std::string> parse_display_name(const boost::json::value& body);

std::vector<gateway::Route> application_routes(const gateway::Services& services);
std::vector<gateway::Route> service_principal_routes(const gateway::Services& services);
std::vector<gateway::Route> password_routes(const gateway::Services& services);
std::vector<gateway::Route> group_routes(const gateway::Services& services);
std::vector<gateway::Route> user_routes(const gateway::Services& services);
std::vector<gateway::Route> directory_object_routes(const gateway::Services& services);

} // namespace berth::directory
