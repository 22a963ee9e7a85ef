#include "control_plane/user_assigned_identities.hpp"

#include "base/strict_json.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/identity_endpoints.hpp"
#include "outbound/target_url.hpp"
#include "tenant/federated_credential_store.hpp"
#include "tenant/managed_identity_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using boost::json::object;
using boost::json::value;
using Kind = Property::Kind;
using storage::Session;
using tenant::Resource;

constexpr std::string_view identity_type = "Microsoft.ManagedIdentity/userAssignedIdentities";
constexpr std::string_view credential_type = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials";
constexpr std::size_t longest_text = 600;

bool is_name(std::string_view name, std::size_t shortest, std::size_t longest) {
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
    return name.size() >= shortest && name.size() <= longest && plain(name.front()) &&
           std::ranges::all_of(name, [&](char c) { return plain(c) || c == '-' || c == '_'; });
}
bool is_identity_name(std::string_view name) { return is_name(name, 3, 128); }
bool is_credential_name(std::string_view name) { return is_name(name, 3, 120); }

bool is_issuer(std::string_view text) { return text.size() <= longest_text && outbound::TargetUrl::parse(text).has_value(); }
bool is_subject(std::string_view text) { return !text.empty() && text.size() <= longest_text; }

Result<void> give_principal(Session& session, Resource& next, const Resource* before, const value&) {
    if (before != nullptr) {
        // What a PUT leaves out would else be gone: nobody sends these.
        for (const std::string_view name : {"tenantId", "principalId", "clientId"}) {
            if (const value* kept = before->properties.if_contains(name)) next.properties[name] = *kept;
        }
        return {};
    }
    auto principal = tenant::create_managed_identity(session, next.tenant, next.guid, next.name, next.created_at);
    if (!principal) return failure(std::move(principal));
    next.properties["tenantId"] = next.tenant.value();
    next.properties["principalId"] = principal->id.value();
    next.properties["clientId"] = principal->application_id->value();
    return {};
}

// Kept in the case that they have, which a list of the description does not.
Result<boost::json::array> audiences_in(const value& sent, const Resource* before) {
    const value* given = find_member(sent, "audiences");
    if (given == nullptr && before != nullptr && before->properties.contains("audiences")) {
        return before->properties.at("audiences").as_array();
    }
    const auto texts = find_strings(sent, "audiences");
    if (!texts || texts->size() != 1 || texts->front().empty() || texts->front().size() > longest_text) {
        return failure(ErrorCode::invalid_parameter,
                       "'properties.audiences' must be an array of one text, such as api://AzureADTokenExchange.");
    }
    return boost::json::array{value(texts->front())};
}

Result<void> write_credential(const identity::TrustedIssuers& issuers, Session& session, Resource& next, const Resource* before,
                              const value& sent) {
    auto audiences = audiences_in(sent, before);
    if (!audiences) return failure(std::move(audiences));
    next.properties["audiences"] = *audiences;
    const std::string& id = next.scope.value();
    auto above = rbac::Scope::parse(id.substr(0, id.rfind("/federatedIdentityCredentials/")));
    if (!above) return failure(std::move(above));
    auto identity = tenant::find_resource(session, *above);
    if (!identity) return failure(std::move(identity));
    auto principal = *identity ? tenant::find_managed_identity(session, (*identity)->guid)
                               : Result<std::optional<tenant::Principal>>(std::nullopt);
    if (!principal) return failure(std::move(principal));
    if (!*principal) return failure(ErrorCode::not_found, "The identity was not found.");
    const tenant::FederatedCredential credential{.id = next.guid,
                                                 .owner = (*principal)->id,
                                                 .name = next.name,
                                                 .issuer = std::string(next.properties.at("issuer").as_string()),
                                                 .subject = std::string(next.properties.at("subject").as_string()),
                                                 .audiences = {std::string(audiences->front().as_string())},
                                                 .description = std::nullopt,
                                                 .since = next.updated_at};
    const bool taken_as_they_are = issuers.takes_tokens_for(credential.issuer, credential.audiences.front());
    auto written = tenant::write_federated_credential(session, credential, taken_as_they_are);
    if (!written && written.error().code == ErrorCode::already_exists) {
        return arm_failure(ErrorCode::conflict, "Conflict", written.error().message);
    }
    return written;
}

// Tokens that were made with it end with it.
void forget(const gateway::Services& services) { services.credentials.forget_remembered(); }

} // namespace

ResourceType user_assigned_identities() {
    return {
        .name = identity_type,
        .operations = identity_type,
        .noun = "user-assigned identity",
        .event = "userAssignedIdentity",
        .is_valid_name = is_identity_name,
        .name_rule =
            "The identity name '{}' is not valid. It has 3 to 128 letters, digits, '-' and '_', and begins with a letter "
            "or digit.",
        .properties = {{.name = "tenantId"},
                       {.name = "principalId"},
                       {.name = "clientId"},
                       {.name = "isolationScope", .kind = Kind::choice, .choices = {"None", "Regional"}}},
        .actions = identity_endpoint_actions(),
        .before_write = give_principal,
        .after_write = forget,
        .api_versions = {"2025-05-31-preview", "2024-11-30", "2023-01-31", "2018-11-30"},
    };
}

ResourceType identity_federated_credentials(const identity::TrustedIssuers& issuers) {
    return {
        .name = credential_type,
        .operations = credential_type,
        .noun = "federated credential",
        .event = "federatedIdentityCredential",
        .has_location = false,
        .is_valid_name = is_credential_name,
        .name_rule = "The name '{}' of a federated credential is not valid. It has 3 to 120 letters, digits, '-' and '_', and "
                     "begins with a letter or digit.",
        .properties = {{.name = "issuer",
                        .kind = Kind::text,
                        .check = is_issuer,
                        .rule = "must be the address of an issuer, exactly as its tokens have it in 'iss'.",
                        .required = true},
                       {.name = "subject",
                        .kind = Kind::text,
                        .check = is_subject,
                        .rule = "must be the subject of the tokens, of 1 to 600 bytes.",
                        .required = true},
                       {.name = "audiences"}},
        .before_write = [&issuers](Session& session, Resource& next, const Resource* before,
                                   const value& sent) { return write_credential(issuers, session, next, before, sent); },
        .after_write = forget,
        .api_versions = {"2025-01-31-preview", "2024-11-30", "2023-01-31"},
    };
}

} // namespace berth::control_plane
