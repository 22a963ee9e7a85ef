// addKey and removeKey: certificates one by one, by who can prove to have one already.

#include "base/strict_json.hpp"
#include "directory/graph_json.hpp"
#include "directory/graph_routes.hpp"
#include "directory/graph_type.hpp"
#include "directory/key_credentials.hpp"
#include "gateway/response.hpp"
#include "identity/assertion.hpp"
#include "identity/certificate.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/key_credential_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace berth::directory {
namespace {

using boost::json::object;
using gateway::Context;
using gateway::Services;
using http::Response;
using storage::Session;
using tenant::KeyCredential;

// What a proof is for: Graph's predecessor, by its id (Microsoft Graph, "Generating proof-of-possession tokens").
constexpr std::string_view proof_audience = "00000002-0000-0000-c000-000000000000";
constexpr std::chrono::minutes longest_proof{10};

std::unexpected<Error> bad_proof(std::string_view why) {
    Error error{ErrorCode::invalid_parameter,
                fmt::format("'proof' does not show that you have a key of the object: {} "
                            "It is a JWT signed with one of its certificates, with 'aud' {}, 'iss' the object's id, and 'nbf' "
                            "and 'exp' at most 10 minutes apart.",
                            why, proof_audience)};
    error.protocol_code = "Authentication_MissingOrMalformed";
    return std::unexpected(std::move(error));
}

// Whether the proof was made for this object just now, with one of its certificates that hold.
Result<void> check_proof(const boost::json::value& body, const Guid& owner, const std::vector<KeyCredential>& keys,
                         Timestamp now) {
    const auto proof = find_string(body, "proof");
    if (!proof) return bad_proof("it is missing.");
    const auto assertion = identity::Assertion::parse(*proof, false);
    if (!assertion) return bad_proof(assertion.error().message);
    if (assertion->issuer != owner.value()) return bad_proof("its 'iss' is not the object's id.");
    if (!assertion->is_for(proof_audience)) return bad_proof("its 'aud' is another.");
    if (auto held = assertion->check_time(now, longest_proof); !held) return bad_proof(held.error().message);
    const bool is_signed = std::ranges::any_of(keys, [&](const KeyCredential& one) {
        if (one.starts_at > now || one.ends_at <= now) return false;
        const auto certificate = identity::Certificate::parse(one.certificate);
        return certificate && certificate->key.verify(assertion->token, assertion->algorithm);
    });
    if (!is_signed) {
        return bad_proof("no certificate of the object that holds now signed it. The first certificate is set with a PATCH of "
                         "'keyCredentials'.");
    }
    return {};
}

// The object's own certificates, if there is one of that kind with that id, and the proof shows one of them.
Result<std::vector<KeyCredential>> keys_of(Session& session, const Context& context, const GraphType& type, const Guid& id,
                                           const boost::json::value& body) {
    if (!type.kind) {
        auto application = tenant::read_application(session, id);
        if (!application && application.error().code == ErrorCode::not_found) return no_such_resource(id.value());
        if (!application) return failure(std::move(application));
    } else {
        const auto* principal = context.world().find_principal(id);
        if (principal == nullptr || principal->kind != *type.kind) return no_such_resource(id.value());
        if (principal->managed_resource) {
            return failure(ErrorCode::invalid_parameter, "A managed identity has no keys: it signs in by where it runs.");
        }
    }
    auto keys = tenant::list_key_credentials(session, id);
    if (!keys) return keys;
    if (auto proved = check_proof(body, id, *keys, context.now()); !proved) return failure(std::move(proved));
    return keys;
}

Task<Result<Response>> add(const Services& services, Context& context, const GraphType& type) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    const auto* wanted = find_member(*body, "keyCredential");
    if (wanted == nullptr || !find_string(*wanted, "key")) {
        co_return failure(ErrorCode::invalid_parameter,
                          "'keyCredential' must be an object with 'key': a certificate (DER) in base64.");
    }
    if (const auto* password = find_member(*body, "passwordCredential"); password != nullptr && !password->is_null()) {
        co_return failure(
            ErrorCode::invalid_parameter,
            "'passwordCredential' must be null: a certificate with a password is for signing in, which berth does "
            "not do with keys that it holds.");
    }
    auto made = parse_key_credentials(boost::json::array{*wanted}, {});
    if (!made) co_return failure(std::move(made));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto keys = keys_of(session, context, type, *id, *body);
        if (!keys) return failure(std::move(keys));
        KeyCredential added = made->front();
        // Tokens name the certificate behind them by its id.
        if (std::ranges::count(*keys, added.key_id, &KeyCredential::key_id) != 0) added.key_id = Guid::random();
        keys->push_back(added);
        if (auto kept = tenant::replace_key_credentials(session, *id, *keys); !kept) return failure(std::move(kept));
        made->front().key_id = added.key_id;
        return context.event(fmt::format("{}.addKey", type.name), {{"id", id->value()}, {"keyId", added.key_id.value()}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    object answer = to_json(std::span(std::as_const(*made))).front().get_object();
    answer["@odata.context"] = fmt::format("{}/v1.0/$metadata#microsoft.graph.keyCredential", context.base_address());
    co_return gateway::json_response(200, answer);
}

Task<Result<Response>> remove(const Services& services, Context& context, const GraphType& type) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    const auto key_id = Guid::parse(find_string(*body, "keyId").value_or(""));
    if (!key_id) co_return failure(ErrorCode::invalid_parameter, "'keyId' must be the id of one of the certificates.");
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto keys = keys_of(session, context, type, *id, *body);
        if (!keys) return failure(std::move(keys));
        if (std::erase_if(*keys, [&](const KeyCredential& one) { return one.key_id == *key_id; }) == 0) {
            return failure(ErrorCode::invalid_parameter, "No credentials found to be removed.");
        }
        if (auto kept = tenant::replace_key_credentials(session, *id, *keys); !kept) return failure(std::move(kept));
        return context.event(fmt::format("{}.removeKey", type.name), {{"id", id->value()}, {"keyId", key_id->value()}});
    };
    auto changing = change_without_content(services, context, change);
    co_return co_await std::move(changing);
}

} // namespace

std::vector<gateway::Route> key_routes(const Services& services) {
    std::vector<GraphRoute> rows;
    for (const GraphType* type : graph_types()) {
        if (!type->has_credentials) continue;
        const auto row = [&](std::string_view verb, auto handler, std::string summary) {
            rows.push_back(
                {.id = fmt::format("{}.{}", type->name, verb),
                 .method = http::Method::post,
                 .pattern = fmt::format("/{}/{{id}}/{}", type->collection, verb),
                 .permissions = {type->set_keys},
                 .has_body = true,
                 .handler = [type, handler](const Services& in, Context& context) { return handler(in, context, *type); },
                 .summary = std::move(summary)});
        };
        row("addKey", add, fmt::format("Gives {} a certificate, to who proves to have one of its", type->noun));
        row("removeKey", remove, fmt::format("Takes a certificate from {}", type->noun));
    }
    return graph_routes(services, std::move(rows));
}

} // namespace berth::directory
