#include "control_plane/identity_endpoints.hpp"

#include "base/strict_json.hpp"
#include "gateway/response.hpp"
#include "identity/credentials.hpp"
#include "storage/events.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/managed_identity_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

namespace berth::control_plane {
namespace {

using boost::json::object;
using gateway::Context;
using gateway::Services;
using http::Response;
using storage::Session;
using tenant::Principal;
using tenant::Resource;

constexpr std::string_view assign = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";
constexpr std::chrono::days usual_lifetime{730};
constexpr std::chrono::days longest_lifetime{36'500};
constexpr std::size_t longest_display_name = 120;

Result<Principal> principal_of(Session& session, const Resource& identity) {
    auto principal = tenant::find_managed_identity(session, identity.guid);
    if (!principal) return failure(std::move(principal));
    if (!*principal) return failure(ErrorCode::not_found, fmt::format("The identity '{}' was not found.", identity.name));
    return std::move(**principal);
}

object shown(const tenant::CredentialInfo& info) {
    return {{"keyId", info.key_id.value()},
            {"displayName", info.display_name ? boost::json::value(*info.display_name) : boost::json::value(nullptr)},
            {"startDateTime", to_rfc3339(info.starts_at)},
            {"endDateTime", to_rfc3339(info.ends_at)}};
}

storage::Event event_of(const Context& context, std::string_view what, const Resource& identity, const Guid& key_id) {
    auto event = context.event(fmt::format("userAssignedIdentity.{}", what),
                               {{"id", identity.scope.value()}, {"keyId", key_id.value()}});
    event.registry = identity.row;
    return event;
}

// The whole text is the secret; what stands before the dot says whose it is, since nothing else in a request does.
identity::NewCredential new_secret(const Principal& principal, std::optional<std::string> display_name, Timestamp now,
                                   Timestamp end) {
    auto made =
        identity::make_credential(std::move(display_name), now, std::chrono::duration_cast<std::chrono::seconds>(end - now));
    made.secret = Secret(fmt::format("{}.{}", principal.application_id->value(), made.secret.reveal()));
    made.hash = identity::hash_secret(made.secret);
    made.info.ends_at = end;
    return made;
}

Task<Result<Response>> create(const Services& services, Context& context, const Resource& identity) {
    auto body = co_await context.json_body();
    if (!body) co_return failure(std::move(body));
    if (!body->is_null() && !body->is_object()) co_return failure(ErrorCode::invalid_parameter, "The body must be an object.");
    std::optional<std::string> display_name;
    if (const auto* given = find_member(*body, "displayName")) {
        if (!given->is_string() || given->get_string().size() > longest_display_name) {
            co_return failure(ErrorCode::invalid_parameter, "'displayName' must be a text of at most 120 bytes.");
        }
        display_name = std::string(given->get_string());
    }
    Timestamp end = context.now() + usual_lifetime;
    if (const auto* given = find_member(*body, "endDateTime")) {
        const auto time = given->is_string() ? parse_rfc3339(given->get_string()) : std::nullopt;
        if (!time || *time <= context.now() || *time > context.now() + longest_lifetime) {
            co_return failure(ErrorCode::invalid_parameter,
                              "'endDateTime' must be a time in the next hundred years, such as 2030-01-31T00:00:00Z.");
        }
        end = *time;
    }
    std::optional<identity::NewCredential> made;
    auto write = [&](Session& session) -> Result<void> {
        auto decided = context.decide_in(session);
        if (!decided) return failure(std::move(decided));
        auto principal = principal_of(session, identity);
        if (!principal) return failure(std::move(principal));
        made = new_secret(*principal, display_name, context.now(), end);
        if (auto added = tenant::add_credential(session, principal->id, made->info, made->hash); !added) return added;
        return storage::append_event(session, context.now(),
                                     event_of(context, "createIdentityEndpoint", identity, made->info.key_id));
    };
    auto writing = services.database.write(write);
    auto written = co_await std::move(writing);
    if (!written) co_return failure(std::move(written));
    services.credentials.forget_remembered();
    object answer = shown(made->info);
    answer["identityEndpoint"] = context.base_address() + "/msi/token";
    answer["identityHeader"] = made->secret.reveal(); // shown this once
    auto response = gateway::json_response(200, answer);
    response.headers.set("Cache-Control", "no-store");
    co_return response;
}

Task<Result<Response>> list(const Services& services, Context& context, const Resource& identity) {
    auto body = co_await context.body();
    if (!body) co_return failure(std::move(body));
    const auto read = [&](Session& session) -> Result<boost::json::array> {
        auto principal = principal_of(session, identity);
        if (!principal) return failure(std::move(principal));
        auto secrets = tenant::list_credentials(session, principal->id);
        if (!secrets) return failure(std::move(secrets));
        boost::json::array out;
        for (const auto& info : *secrets) out.push_back(shown(info));
        return out;
    };
    auto reading = services.database.read(storage::ReadKind::page, read);
    auto items = co_await std::move(reading);
    if (!items) co_return failure(std::move(items));
    co_return gateway::json_response(200, object{{"value", std::move(*items)}});
}

Task<Result<Response>> remove(const Services& services, Context& context, const Resource& identity) {
    auto body = co_await context.json_body();
    if (!body) co_return failure(std::move(body));
    const auto key_id = Guid::parse(find_string(*body, "keyId").value_or(""));
    if (!key_id) co_return failure(ErrorCode::invalid_parameter, "'keyId' must be that of one of the endpoints.");
    auto write = [&](Session& session) -> Result<void> {
        auto decided = context.decide_in(session);
        if (!decided) return failure(std::move(decided));
        auto principal = principal_of(session, identity);
        if (!principal) return failure(std::move(principal));
        if (auto removed = tenant::remove_credential(session, principal->id, *key_id); !removed) return removed;
        return storage::append_event(session, context.now(), event_of(context, "deleteIdentityEndpoint", identity, *key_id));
    };
    auto writing = services.database.write(write);
    auto written = co_await std::move(writing);
    if (!written) co_return failure(std::move(written));
    services.credentials.forget_remembered();
    co_return gateway::empty_response(204);
}

} // namespace

std::vector<Action> identity_endpoint_actions() {
    std::vector<Action> out(3);
    out[0].name = "createIdentityEndpoint";
    out[0].run = create;
    out[0].summary = "Makes a secret with which a place where the identity is used asks for its tokens, shown once";
    out[1].name = "listIdentityEndpoints";
    out[1].run = list;
    out[1].summary = "Lists the places where the identity is used";
    out[2].name = "deleteIdentityEndpoint";
    out[2].run = remove;
    out[2].summary = "Ends the secret of a place where the identity is used, at once";
    for (Action& action : out) action.operation = assign;
    return out;
}

} // namespace berth::control_plane
