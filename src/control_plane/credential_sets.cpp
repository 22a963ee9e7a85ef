#include "control_plane/credential_sets.hpp"

#include "base/encoding.hpp"
#include "base/time.hpp"
#include "control_plane/cache_rules.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/registry_children.hpp"
#include "outbound/target_url.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using boost::json::object;
using boost::json::value;
using Kind = Property::Kind;
using storage::Session;
using tenant::Resource;

bool is_login_server(std::string_view text) { return is_upstream_host(text); }

bool is_credential_name(std::string_view text) { return text == "Credential1"; }

// `https://{vault}/secrets/{name}` with a version or without.
bool is_secret_identifier(std::string_view text) {
    auto url = outbound::TargetUrl::parse(text);
    return url && url->https && url->target.starts_with("/secrets/") && url->target.size() > sizeof("/secrets/") - 1;
}

Property secret(std::string_view name) {
    return {.name = name,
            .kind = Kind::text,
            .check = is_secret_identifier,
            .rule = "must be the address of a secret, such as 'https://myvault.vault.azure.net/secrets/name'."};
}

Result<void> check(Session& session, Resource& next, const Resource* before, const value&) {
    auto registry = registry_of(session, next);
    if (!registry) return failure(std::move(registry));
    auto limit = check_limit(session, *registry, credential_set_type, "credential sets", before, most_credential_sets);
    if (!limit) return limit;
    for (const value& one : next.properties["authCredentials"].as_array()) {
        for (const std::string_view name : {"name", "usernameSecretIdentifier", "passwordSecretIdentifier"}) {
            if (one.as_object().contains(name)) continue;
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("The property 'properties.authCredentials[].{}' is required.", name));
        }
    }
    return {};
}

Result<void> check_unused(Session& session, const Resource& set) {
    auto registry = registry_of(session, set);
    if (!registry) return failure(std::move(registry));
    auto rules = list_children(session, *registry, cache_rule_type);
    if (!rules) return failure(std::move(rules));
    for (const Resource& rule : *rules) {
        const value* id = rule.properties.if_contains("credentialSetResourceId");
        if (id == nullptr || !id->is_string() || !equals_ignoring_case(id->get_string(), set.scope.value())) continue;
        return arm_failure(
            ErrorCode::in_use, "CredentialSetInUse",
            fmt::format("The credential set '{}' is in use by the cache rule '{}'. Delete the rule, or take the "
                        "credential set out of it: az acr cache update --registry {} --name {} --remove-cred-set",
                        set.name, rule.name, registry->name, rule.name));
    }
    return {};
}

} // namespace

bool is_rule_name(std::string_view name) {
    return name.size() >= 5 && name.size() <= 50 && !name.starts_with('-') && !name.ends_with('-') &&
           std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
           });
}

ResourceType credential_sets() {
    return {
        .name = credential_set_type,
        .operations = credential_set_type,
        .noun = "credential set",
        .event = "credentialSet",
        .has_location = false,
        .deleted_status = 204, // the SDKs take 202 and 204 only
        .identities = IdentityKinds::system,
        .is_valid_name = is_rule_name,
        .name_rule =
            "The credential set name '{}' is not valid. It has 5 to 50 letters, digits and '-', and neither begins nor "
            "ends with '-'.",
        .properties =
            {{.name = "loginServer",
              .kind = Kind::text,
              .check = is_login_server,
              .rule = "must be the host of a registry, such as 'docker.io'.",
              .required = true},
             {.name = "creationDate", .initial = ""},
             {.name = "provisioningState", .initial = "Succeeded"},
             {.name = "authCredentials",
              .kind = Kind::list,
              .most = 1,
              .members = {{.name = "name", .kind = Kind::text, .check = is_credential_name, .rule = "must be 'Credential1'."},
                          secret("usernameSecretIdentifier"),
                          secret("passwordSecretIdentifier"),
                          {.name = "credentialHealth",
                           .initial = object{{"status", "Unhealthy"},
                                             {"errorCode", "SecretNotRead"},
                                             {"errorMessage", "This version of berth keeps where the secrets are, and "
                                                              "reads none."}}}},
              .required = true}},
        .before_write = check,
        .before_delete = check_unused,
        .show = [](const gateway::Services&, const Resource& set,
                   object& properties) { properties["creationDate"] = to_rfc3339(set.created_at); },
        .api_versions = {"2026-09-01-preview", "2025-11-01", "2023-07-01"},
    };
}

} // namespace berth::control_plane
