#pragma once

#include "control_plane/plane.hpp"
#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "tenant/operation_store.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Long-running operations as ARM's clients poll them (azure-resource-manager-rpc, "Asynchronous Operations").
namespace berth::control_plane {

/// An operation of this request on a resource, ready for `create_operation` in the transaction that begins it.
tenant::Operation new_operation(const gateway::Context& context, std::string kind, const tenant::Resource& resource,
                                boost::json::object request);

/// What became of an operation that ended with this error: the code that ARM shows for it, and its message.
tenant::OperationFailure failure_of(const Error& error);

/// Which addresses an operation is polled at.
enum class Polling : std::uint8_t {
    by_location, ///< `operationResults` alone, as Azure for resource groups and moves
    by_either,   ///< `operationStatuses` as well, which tells how far it is
};

/// 202 with `Location` (`operationResults`: 202 until the end, then 200 or the error), maybe `Azure-AsyncOperation`
/// (`operationStatuses`: always 200, with `status`), and `Retry-After`, for an operation on a resource in this location.
http::Response accepted(const gateway::Context& context, const tenant::Operation& operation, std::string_view location,
                        Polling polling = Polling::by_either);

/// Where operations are polled, below every provider of the plane:
/// `/subscriptions/{id}/providers/{provider}/locations/{location}/operationResults/{operation}` and `…/operationStatuses/…`.
/// Who may read the resource may poll, and who asked for the operation, even after the resource is gone.
std::vector<gateway::Route> operation_routes(const std::shared_ptr<Plane>& plane);

} // namespace berth::control_plane
