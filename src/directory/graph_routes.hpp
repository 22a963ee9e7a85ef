#pragma once

#include "base/guid.hpp"
#include "directory/graph_permissions.hpp"
#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::directory {

/// Handles a request of Graph. It may be called after the table that holds it is gone, so it captures by value.
using GraphHandler = std::function<Task<Result<http::Response>>(const gateway::Services&, gateway::Context&)>;

/// One row of Graph's route table.
struct GraphRoute {
    std::string id{}; ///< `application.create`; routes are called `graph.application.create`
    http::Method method = http::Method::get;
    std::string pattern{};                                 ///< below `/v1.0`: `/applications`
    std::vector<const gateway::Permission*> permissions{}; ///< all of them
    std::vector<const gateway::Permission*> further{};
    bool has_body = false;
    GraphHandler handler{};
    std::string summary{};
};

inline constexpr std::uint64_t largest_graph_body = std::uint64_t{256} << 10;

/// Routes of the protocol `graph`; failures carry Graph's own codes.
std::vector<gateway::Route> graph_routes(const gateway::Services& services, std::vector<GraphRoute> rows);

/// The parameter `name` as an object id. `invalid_parameter` as Graph words it.
Result<Guid> object_id(const gateway::Context& context, std::string_view name = "id");
/// `not_found` as Graph words it.
std::unexpected<Error> no_such_resource(std::string_view id);

/// A change of the directory: runs `change` and leaves the event in one transaction, and refuses one that would leave the
/// directory without an enabled Global Administrator. When it returns, every request sees the change and no remembered
/// credential outlives it.
Task<Result<void>> change_directory(const gateway::Services& services, gateway::Context& context,
                                    std::function<Result<storage::Event>(storage::Session&)> change);
/// The same, answered with 204.
Task<Result<http::Response>> change_without_content(const gateway::Services& services, gateway::Context& context,
                                                    std::function<Result<storage::Event>(storage::Session&)> change);

/// A body that must be a JSON object. `invalid_parameter`.
Task<Result<boost::json::value>> object_body(gateway::Context& context);
/// A display name: a string of 1 to 256 characters. `invalid_parameter` otherwise.
Result<std::string> parse_display_name(const boost::json::value& given);

/// Creating, listing, reading, changing and deleting objects of each kind.
std::vector<gateway::Route> entity_routes(const gateway::Services& services);
/// Members, owners, groups that somebody is in.
std::vector<gateway::Route> relation_routes(const gateway::Services& services);
/// Which groups somebody is in, as lists of ids.
std::vector<gateway::Route> membership_routes(const gateway::Services& services);
std::vector<gateway::Route> password_routes(const gateway::Services& services);
/// Certificates one by one.
std::vector<gateway::Route> key_routes(const gateway::Services& services);
/// Ending what people are signed in to.
std::vector<gateway::Route> session_routes(const gateway::Services& services);
/// The directory role Global Administrator and who holds it.
std::vector<gateway::Route> role_routes(const gateway::Services& services);
/// Tokens of outside issuers that stand for an application.
std::vector<gateway::Route> federated_credential_routes(const gateway::Services& services);
/// Anything by its id, the signed-in user, the organization, consent.
std::vector<gateway::Route> directory_object_routes(const gateway::Services& services);

} // namespace berth::directory
