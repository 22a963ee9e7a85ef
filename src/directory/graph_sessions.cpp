#include "directory/graph_permissions.hpp"
#include "directory/graph_routes.hpp"
#include "directory/graph_subject.hpp"
#include "gateway/response.hpp"
#include "identity/delegation.hpp"

#include <fmt/format.h>

namespace berth::directory {
namespace {

using boost::json::object;
using gateway::Context;
using gateway::Services;
using http::Response;
using storage::Session;

using FindUser = std::function<Result<Guid>(Session&)>;

Task<Result<Response>> end_sessions(const Services& services, Context& context, FindUser find_user) {
    auto body = co_await context.json_body(); // clients send none, or an empty object
    if (!body) co_return failure(std::move(body));
    if (!body->is_null() && !body->is_object()) {
        co_return failure(ErrorCode::invalid_parameter, "The body must be a JSON object, or missing.");
    }
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto user = find_user(session);
        if (!user) return failure(std::move(user));
        if (auto ended = identity::end_sign_ins(session, *user); !ended) return failure(std::move(ended));
        return context.event("user.revokeSignInSessions", {{"id", user->value()}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::json_response(
        200, object{{"@odata.context", fmt::format("{}/v1.0/$metadata#Edm.Boolean", context.base_address())}, {"value", true}});
}

Task<Result<Response>> of_user(const Services& services, Context& context) {
    return end_sessions(services, context, [&context](Session& session) { return resolve_in(session, context, user_type); });
}

Task<Result<Response>> of_me(const Services& services, Context& context) {
    return end_sessions(services, context, [&context](Session&) { return signed_in_user(context); });
}

} // namespace

std::vector<gateway::Route> session_routes(const Services& services) {
    return graph_routes(services, {{.id = "user.revokeSignInSessions",
                                    .method = http::Method::post,
                                    .pattern = "/users/{id}/revokeSignInSessions",
                                    .permissions = {&permissions::users_sessions},
                                    .has_body = true,
                                    .handler = of_user,
                                    .summary = "Ends a user's sessions and refresh tokens; access tokens last their hour"},
                                   {.id = "me.revokeSignInSessions",
                                    .method = http::Method::post,
                                    .pattern = "/me/revokeSignInSessions",
                                    .permissions = {&permissions::users_read},
                                    .has_body = true,
                                    .handler = of_me,
                                    .summary = "Ends the sessions and refresh tokens of the user who asks"}});
}

} // namespace berth::directory
