#include "sign_in/person_tokens.hpp"

#include "base/encoding.hpp"
#include "sign_in/entra_error.hpp"
#include "sign_in/grants.hpp"

#include <boost/json/serialize.hpp>

#include <fmt/format.h>

namespace berth::sign_in {

using gateway::Context;
using gateway::Services;
using storage::Session;

Task<Result<const tenant::Principal*>> living_person(const Services& services, const tenant::World& world,
                                                     const identity::VerifiedPrincipal& person) {
    const auto* principal = world.find_principal(person.id);
    if (principal == nullptr || principal->kind != tenant::PrincipalKind::user) {
        co_return invalid_grant(50034, "The user account does not exist in the directory any more.");
    }
    if (!principal->enabled) {
        co_return invalid_grant(50057, "The user account is disabled. An administrator of the directory can enable it.");
    }
    identity::Caller caller;
    caller.kind = identity::CallerKind::principal;
    caller.principal = person.id;
    caller.secret = person.secret;
    caller.outside_groups = person.outside_groups;
    auto holds = co_await services.credentials.check_secret(world, caller);
    if (!holds && holds.error().code != ErrorCode::invalid_credentials) co_return failure(std::move(holds));
    if (!holds) {
        co_return invalid_grant(
            50173,
            "The password was changed or removed since this sign-in, or the provider that vouched for it is none any more, or "
            "the time is over for which what it said of groups counts. Sign in again.");
    }
    co_return principal;
}

Task<Result<http::Response>> answer_for_person(const Services& services, Context& context, const TokenRequest& request,
                                               const identity::Delegation& delegation, const RequestedAccess& access,
                                               std::string_view nonce, bool with_refresh_token) {
    if (auto known = check_resource(services, context, access.resource); !known) co_return failure(std::move(known));
    const auto world = services.tenancy.world();
    auto person = co_await living_person(services, *world, delegation.person);
    if (!person) co_return failure(std::move(person));
    const identity::ClientOfPerson client{delegation.client_id, delegation.confidential, access.permissions,
                                          std::string(nonce)};
    const std::string issuer = issuer_of(context, request.form);
    auto signing = services.workers.run([&] { // RSA takes milliseconds
        return services.directory_tokens.issue_for_person(*world, **person, client, access.resource, issuer,
                                                          delegation.person.secret, delegation.person.outside_groups);
    });
    auto issued = co_await signing;
    if (!issued) co_return failure(std::move(issued));
    boost::json::object answer{{"token_type", "Bearer"},
                               {"scope", access.scope},
                               {"expires_in", issued->lifetime.count()},
                               {"ext_expires_in", issued->lifetime.count()},
                               {"access_token", issued->token}};
    if (request.form == TokenForm::v1) {
        answer["expires_on"] = std::to_string(to_unix_seconds(issued->expires_at));
        answer["not_before"] = std::to_string(to_unix_seconds(context.now()));
        answer["resource"] = access.resource;
    }
    if (access.open_id) {
        auto signing_id =
            services.workers.run([&] { return services.directory_tokens.issue_id_token(*world, **person, client, issuer); });
        auto id_token = co_await signing_id;
        if (!id_token) co_return failure(std::move(id_token));
        answer["id_token"] = *id_token;
    }
    if (with_refresh_token) {
        auto make = [&](Session& session) { return identity::make_refresh_token(session, delegation.id, context.now()); };
        auto making = services.database.write(make);
        auto refresh_token = co_await std::move(making);
        if (!refresh_token) co_return failure(std::move(refresh_token));
        answer["refresh_token"] = refresh_token->reveal();
    }
    if (request.form != TokenForm::adfs && request.find("client_info") == "1") {
        const boost::json::object info{{"uid", delegation.person.id.value()}, {"utid", world->tenant_id.value()}};
        answer["client_info"] = to_base64url(as_bytes(boost::json::serialize(info)));
    }
    co_return token_response(answer);
}

} // namespace berth::sign_in
