#include "control_plane/token_credentials.hpp"

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "base/strict_json.hpp"
#include "base/time.hpp"
#include "control_plane/errors.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"
#include "tenant/token_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::control_plane {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using gateway::Context;
using gateway::Services;
using http::Response;
using storage::Session;
using tenant::Resource;

constexpr std::array<std::string_view, 2> password_names{"password1", "password2"};

std::unexpected<Error> invalid(std::string message) { return failure(ErrorCode::invalid_parameter, std::move(message)); }

// What is asked for.
struct Wanted {
    rbac::Scope token;
    std::optional<std::string> name; // none: both
    std::optional<Timestamp> ends_at;
};

Result<Wanted> parse_wanted(const value& body, const Resource& registry, Timestamp now) {
    const auto id = find_string(body, "tokenId");
    if (!id) return invalid("'tokenId' is missing or no string: name the token by its id.");
    auto scope = rbac::Scope::parse(*id);
    const std::string below = fmt::format("{}/tokens/", registry.scope.key());
    if (!scope || !scope->key().starts_with(below) || scope->key().find('/', below.size()) != std::string::npos) {
        return invalid(
            fmt::format("'tokenId' must be the id of a token of this registry, '{}/tokens/{{name}}'.", registry.scope.value()));
    }
    Wanted out{.token = std::move(*scope), .name = std::nullopt, .ends_at = std::nullopt};
    if (const value* name = find_member(body, "name")) {
        if (!name->is_string() ||
            std::ranges::find(password_names, std::string_view(name->get_string())) == password_names.end()) {
            return invalid("'name' must be 'password1' or 'password2'; without it both are made.");
        }
        out.name = std::string(name->get_string());
    }
    if (const value* expiry = find_member(body, "expiry")) {
        out.ends_at = expiry->is_string() ? parse_rfc3339(expiry->get_string()) : std::nullopt;
        if (!out.ends_at) return invalid("'expiry' must be a time such as '2030-12-31T23:59:59Z'.");
        if (*out.ends_at <= now) return invalid("'expiry' must be in the future.");
    }
    return out;
}

object shown(const tenant::TokenPassword& password) {
    return {{"name", password.name},
            {"creationTime", to_rfc3339(password.created_at)},
            {"expiry", password.ends_at ? value(to_rfc3339(*password.ends_at)) : value(nullptr)}};
}

struct MadePassword {
    Secret secret;
    tenant::TokenPassword kept;
};

std::vector<MadePassword> make_passwords(const Wanted& wanted, Timestamp now) {
    std::vector<MadePassword> out;
    for (const std::string_view name : password_names) {
        if (wanted.name && *wanted.name != name) continue;
        Secret secret = random_secret();
        std::string hash = identity::hash_secret(secret);
        out.push_back({std::move(secret),
                       {.name = std::string(name), .hash = std::move(hash), .created_at = now, .ends_at = wanted.ends_at}});
    }
    return out;
}

// Keeps the hashes, and beside the token's properties which passwords it has.
Result<Resource> write_passwords(Session& session, const Context& context, const Wanted& wanted,
                                 const std::vector<MadePassword>& made, const Resource& registry) {
    auto still = context.decide_in(session);
    if (!still) return failure(std::move(still));
    auto token = tenant::find_resource(session, wanted.token);
    if (!token) return failure(std::move(token));
    if (!*token || !equals_ignoring_case((*token)->type, tenant::token_type)) {
        return failure(ErrorCode::not_found,
                       fmt::format("The token '{}' was not found in the registry '{}'.", wanted.token.value(), registry.name));
    }
    for (const MadePassword& password : made) {
        if (auto put = tenant::put_token_password(session, (*token)->row, password.kept); !put) return failure(std::move(put));
    }
    auto all = tenant::list_token_passwords(session, (*token)->row);
    if (!all) return failure(std::move(all));
    array list;
    for (const tenant::TokenPassword& password : *all) list.push_back(shown(password));
    (*token)->properties["credentials"] = object{{"certificates", array{}}, {"passwords", std::move(list)}};
    (*token)->updated_at = context.now();
    (*token)->updated_by = context.actor();
    if (auto updated = tenant::update_resource(session, **token); !updated) return failure(std::move(updated));
    array names;
    for (const MadePassword& password : made) names.emplace_back(password.kept.name);
    auto event = context.event("token.generateCredentials", {{"id", (*token)->scope.value()}, {"names", std::move(names)}});
    event.registry = registry.row;
    if (auto left = storage::append_event(session, context.now(), event); !left) return failure(std::move(left));
    return std::move(**token);
}

Task<Result<Response>> run(const Services& services, Context& context, const Resource& registry) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto wanted = parse_wanted(*json, registry, context.now());
    if (!wanted) co_return failure(std::move(wanted));
    const std::vector<MadePassword> made = make_passwords(*wanted, context.now());
    const auto write = [&](Session& session) { return write_passwords(session, context, *wanted, made, registry); };
    auto writing = services.database.write(write);
    auto token = co_await std::move(writing);
    if (!token) co_return failure(std::move(token));
    services.credentials.forget_remembered();
    auto refreshed = co_await services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    array passwords;
    for (const MadePassword& password : made) {
        object one = shown(password.kept);
        one["value"] = password.secret.reveal();
        passwords.push_back(std::move(one));
    }
    co_return gateway::json_response(200, object{{"username", token->name}, {"passwords", std::move(passwords)}});
}

} // namespace

Action generate_credentials() {
    return {.name = "generateCredentials",
            .operation = "Microsoft.ContainerRegistry/registries/generateCredentials/action",
            .run = run,
            .summary = "Makes new passwords for a repository token"};
}

} // namespace berth::control_plane
