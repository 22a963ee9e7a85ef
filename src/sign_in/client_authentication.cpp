#include "sign_in/client_authentication.hpp"

#include "base/guid.hpp"
#include "sign_in/client_assertion.hpp"
#include "sign_in/entra_error.hpp"

#include <fmt/format.h>

namespace berth::sign_in {
namespace {

using gateway::Context;
using gateway::Services;

// The same words for an unknown client and a wrong secret: who asks does not learn which client ids exist.
std::unexpected<Error> wrong_secret(std::string_view client_id) {
    return entra_failure(ErrorCode::invalid_credentials, "invalid_client", 7000215,
                         fmt::format("Invalid client secret provided. Ensure the secret being sent in the request is the "
                                     "client secret value, not the client secret ID, for a secret added to app '{}'.",
                                     client_id));
}

Task<Result<AuthenticatedClient>> by_secret(const Services& services, const Context& context, const TokenRequest& request) {
    // A client id is a GUID; people's names and passwords do not sign in here.
    const auto client_id = Guid::parse(request.client_id);
    if (!client_id) co_return wrong_secret(request.client_id);
    const std::string_view address = context.request().remote_address;
    const std::string_view secret = request.client_secret.reveal();
    auto verified = co_await services.credentials.verify_principal(context.world(), client_id->value(), secret, address);
    if (!verified && verified.error().code != ErrorCode::invalid_credentials) co_return failure(std::move(verified));
    const auto* principal = verified ? context.world().find_principal(verified->id) : nullptr;
    // The secret of a managed identity is for its endpoint.
    if (principal == nullptr || principal->managed_resource) co_return wrong_secret(request.client_id);
    co_return AuthenticatedClient{principal, verified->secret};
}

} // namespace

Task<Result<AuthenticatedClient>> authenticate_client(const Services& services, const Context& context,
                                                      const TokenRequest& request) {
    if (!request.client_assertion.empty()) {
        if (!request.client_secret.empty()) {
            co_return invalid_request(900144, "Send 'client_secret' or 'client_assertion', not both.");
        }
        auto client = co_await authenticate_by_assertion(services, context, request);
        co_return client;
    }
    if (request.client_secret.empty()) {
        co_return entra_failure(ErrorCode::invalid_credentials, "invalid_client", 7000216,
                                fmt::format("'client_assertion', 'client_secret' or 'request' is required for the '{}' grant "
                                            "type.",
                                            request.grant_type));
    }
    auto client = co_await by_secret(services, context, request);
    co_return client;
}

} // namespace berth::sign_in
