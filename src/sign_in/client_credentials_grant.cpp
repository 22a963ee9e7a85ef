#include "sign_in/client_authentication.hpp"
#include "sign_in/grants.hpp"
#include "sign_in/requested_access.hpp"

namespace berth::sign_in {

using gateway::Context;
using gateway::Services;
using http::Response;

Task<Result<Response>> grant_client_credentials(const Services& services, Context& context, const TokenRequest& request) {
    auto client = co_await authenticate_client(services, context, request);
    if (!client) co_return failure(std::move(client));
    auto resource = resource_for_client(request);
    if (!resource) co_return failure(std::move(resource));
    if (auto known = check_resource(services, context, *resource); !known) co_return failure(std::move(known));
    const std::string issuer = issuer_of(context, request.form);
    auto signing = services.workers.run([&] { // RSA takes milliseconds
        return services.directory_tokens.issue(context.world(), *client->principal, *resource, issuer, client->secret,
                                               client->outside_groups);
    });
    auto issued = co_await signing;
    if (!issued) co_return failure(std::move(issued));
    boost::json::object answer{{"token_type", "Bearer"},
                               {"expires_in", issued->lifetime.count()},
                               {"ext_expires_in", issued->lifetime.count()},
                               {"access_token", issued->token}};
    if (request.form == TokenForm::v1) {
        answer["expires_on"] = std::to_string(to_unix_seconds(issued->expires_at));
        answer["not_before"] = std::to_string(to_unix_seconds(context.now()));
        answer["resource"] = *resource;
    }
    co_return token_response(answer);
}

} // namespace berth::sign_in
