#include "control_plane/registries.hpp"

#include "base/ip_address.hpp"
#include "base/names.hpp"
#include "base/time.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/import_image.hpp"
#include "control_plane/registry_credentials.hpp"
#include "control_plane/registry_policies.hpp"
#include "control_plane/registry_usages.hpp"
#include "control_plane/token_credentials.hpp"
#include "control_plane/types_not_offered.hpp"
#include "tenant/network_rules.hpp"
#include "tenant/registry_properties.hpp"

#include <fmt/format.h>

namespace berth::control_plane {
namespace {

using boost::json::object;
using Kind = Property::Kind;

constexpr std::string_view name_rule =
    "The registry name '{}' is not valid. Resource names may contain alpha numeric characters only and must be between 5 "
    "and 50 characters.";

Property flag(std::string_view name, bool initial, std::vector<boost::json::value> refused = {}) {
    return {.name = name, .kind = Kind::flag, .initial = initial, .refused = std::move(refused)};
}
Property choice(std::string_view name, std::string_view initial, std::vector<std::string_view> choices,
                std::vector<boost::json::value> refused = {}) {
    return {.name = name,
            .kind = Kind::choice,
            .initial = boost::json::value(initial),
            .choices = std::move(choices),
            .refused = std::move(refused)};
}
Property group(std::string_view name, std::vector<Property> members) {
    return {.name = name, .kind = Kind::object, .members = std::move(members)};
}
Property shown(std::string_view name, boost::json::value initial) {
    return {.name = name, .kind = Kind::read_only, .initial = std::move(initial)};
}

// A policy whose work this version does not do stays off: nobody shall believe that images are held back or purged.
Property policy_to_come() { return choice("status", "disabled", {"disabled"}, {"enabled"}); }
Property days(std::string_view name, std::int64_t least, std::int64_t most) {
    return {.name = name, .kind = Kind::number, .initial = 7, .least = least, .most = most};
}

bool is_ip_rule(std::string_view text) { return IpNetwork::parse(text).has_value(); }

// What a network rule set may hold; whether it counts is decided in the gateway, by the client's address.
Property network_rule_set() {
    return group("networkRuleSet", {choice("defaultAction", "Allow", {"Allow", "Deny"}),
                                    {.name = "virtualNetworkRules",
                                     .kind = Kind::list,
                                     .initial = boost::json::array{},
                                     .most = 0,
                                     .rule = "berth knows no virtual networks; allow their addresses with IP rules."},
                                    {.name = "ipRules",
                                     .kind = Kind::list,
                                     .initial = boost::json::array{},
                                     .most = static_cast<std::int64_t>(tenant::NetworkRules::max_blocks),
                                     .rule = "Join addresses into blocks.",
                                     .members = {choice("action", "Allow", {"Allow"}),
                                                 {.name = "value",
                                                  .kind = Kind::text,
                                                  .check = is_ip_rule,
                                                  .rule = "must be an IP address or a block such as '192.0.2.0/24'."}}}});
}

// acr-data-plane reference, section 4.2, and azure-rbac-and-arm, section 4.5.
std::vector<Property> properties() {
    return {
        shown("loginServer", ""),
        shown("creationDate", ""),
        shown("provisioningState", "Succeeded"),
        shown("status", nullptr), // why it failed
        flag("adminUserEnabled", false),
        flag("anonymousPullEnabled", false),
        flag("dataEndpointEnabled", false, {true}),
        shown("dataEndpointHostNames", boost::json::array{}),
        choice("regionalEndpoints", "Disabled", {"Disabled"}, {"Enabled"}),
        shown("regionalEndpointHostNames", boost::json::array{}),
        // On which families berth listens is the server's setting, the same for all its registries.
        choice("endpointProtocol", "IPv4", {"IPv4"}, {"IPv4AndIPv6"}),
        shown("privateEndpointConnections", boost::json::array{}),
        group("encryption", {choice("status", "disabled", {"disabled"}, {"enabled"})}),
        network_rule_set(),
        group("policies",
              {group("quarantinePolicy", {policy_to_come()}),
               group("trustPolicy", {choice("type", "Notary", {"Notary"}), policy_to_come()}),
               group("retentionPolicy", {days("days", 0, 365), shown("lastUpdatedTime", ""), policy_to_come()}),
               group("exportPolicy", {choice("status", "enabled", {"enabled", "disabled"})}),
               group("azureADAuthenticationAsArmPolicy", {choice("status", "enabled", {"enabled", "disabled"})}),
               group("softDeletePolicy", {days("retentionDays", 1, 90), shown("lastUpdatedTime", ""), policy_to_come()})}),
        choice("publicNetworkAccess", "Enabled", {"Enabled", "Disabled"}),
        choice("networkRuleBypassOptions", "AzureServices", {"AzureServices", "None"}),
        flag("networkRuleBypassAllowedForTasks", false, {true}),
        choice("zoneRedundancy", "Disabled", {"Disabled"}, {"Enabled"}),
        choice("metadataSearch", "Disabled", {"Disabled"}, {"Enabled"}),
        choice("writableCacheRepos", "Disabled", {"Disabled"}, {"Enabled"}),
        choice("roleAssignmentMode", "LegacyRegistryPermissions", {"LegacyRegistryPermissions", "AbacRepositoryPermissions"}),
        choice("autoGeneratedDomainNameLabelScope", "Unsecure", {"Unsecure"},
               {"TenantReuse", "SubscriptionReuse", "ResourceGroupReuse", "NoReuse"}),
    };
}

void show(const gateway::Services& services, const tenant::Resource& registry, object& properties) {
    const std::string created = to_rfc3339(registry.created_at);
    properties["loginServer"] = services.tenancy.naming().login_server(registry.name);
    properties["creationDate"] = created;
    if (auto* policies = properties["policies"].if_object()) {
        for (const std::string_view policy : {"retentionPolicy", "softDeletePolicy"}) {
            auto* members = (*policies)[policy].if_object();
            // Stored when the policy changes; until then it is as old as the registry.
            if (members != nullptr && members->at("lastUpdatedTime") == boost::json::value(""))
                (*members)["lastUpdatedTime"] = created;
        }
    }
    if (registry.sku != "Premium") properties["networkRuleSet"] = nullptr; // az takes its presence for Premium
}

// Notes when retention and soft delete were last changed.
Result<void> note_policy_changes(storage::Session&, tenant::Resource& next, const tenant::Resource* before,
                                 const boost::json::value&) {
    auto* policies = next.properties["policies"].if_object();
    if (policies == nullptr) return {};
    const boost::json::value* old_policies = before != nullptr ? before->properties.if_contains("policies") : nullptr;
    for (const std::string_view name : {"retentionPolicy", "softDeletePolicy"}) {
        auto* policy = policies->contains(name) ? policies->at(name).if_object() : nullptr;
        if (policy == nullptr) continue;
        const auto* old_policy =
            old_policies != nullptr && old_policies->is_object() ? old_policies->get_object().if_contains(name) : nullptr;
        object unchanged = old_policy != nullptr && old_policy->is_object() ? old_policy->get_object() : *policy;
        const boost::json::value noted = unchanged.contains("lastUpdatedTime") ? unchanged["lastUpdatedTime"] : "";
        unchanged["lastUpdatedTime"] = (*policy)["lastUpdatedTime"] = noted;
        if (unchanged != *policy) (*policy)["lastUpdatedTime"] = to_rfc3339(next.updated_at);
    }
    return {};
}

// As Azure, and so that nothing is kept which is not shown: the rules are part of Premium.
Result<void> check_network(const tenant::Resource& next) {
    const boost::json::value properties(next.properties);
    const auto rules = tenant::network_rules_of(properties);
    if (next.sku != "Premium" && (!rules.allowed_by_default || !rules.allowed.empty() || !rules.public_access)) {
        return arm_failure(
            ErrorCode::invalid_parameter, "SkuNotSupported",
            fmt::format("Network rules and 'publicNetworkAccess' need the SKU Premium; the registry '{}' has {}. "
                        "Set 'sku.name' to 'Premium', or leave the rules out.",
                        next.name, next.sku.value_or("none")));
    }
    if (!tenant::export_allowed_by(properties) && rules.public_access) {
        return arm_failure(ErrorCode::invalid_parameter, "ExportPolicyNeedsDisabledNetwork",
                           "The property 'properties.policies.exportPolicy.status' can be 'disabled' only while "
                           "'properties.publicNetworkAccess' is 'Disabled': who can pull can take images away.");
    }
    return {};
}

Result<void> check(storage::Session& session, tenant::Resource& next, const tenant::Resource* before,
                   const boost::json::value& sent) {
    if (auto network = check_network(next); !network) return network;
    return note_policy_changes(session, next, before, sent);
}

std::vector<Action> actions() {
    std::vector<Action> out{list_credentials(), regenerate_credential(), list_usages(),         list_policies(),
                            update_policies(),  import_image(),          generate_credentials()};
    for (Action& action : actions_not_offered()) out.push_back(std::move(action));
    return out;
}

Error name_taken(const gateway::Services& services, std::string_view name) {
    return {ErrorCode::name_not_available,
            fmt::format("The registry DNS name {} is already in use. You can check if the name is already claimed using "
                        "following API: https://docs.microsoft.com/en-us/rest/api/containerregistry/registries/"
                        "checknameavailability",
                        services.tenancy.naming().login_server(name))};
}

// Once for each registry, and again with whatever is written to one where it failed.
Preparation preparation_of(std::function<Result<void>(const std::string&)> prepare_login_server) {
    return {
        .kind = "registry.prepare",
        .is_needed =
            [](const tenant::Resource&, const tenant::Resource* before) {
                if (before == nullptr) return true;
                const auto* state = before->properties.if_contains("provisioningState");
                return state != nullptr && *state != "Succeeded";
            },
        .run =
            [prepare = std::move(prepare_login_server)](const gateway::Services& services, const tenant::Resource& registry) {
                return prepare(services.tenancy.naming().login_server(registry.name));
            }};
}

} // namespace

std::string registry_name_message(std::string_view name) { return fmt::format(name_rule, name); }

ResourceType registries(std::function<Result<void>(const std::string&)> prepare_login_server) {
    Preparation preparation;
    if (prepare_login_server) preparation = preparation_of(std::move(prepare_login_server));
    return {
        .name = "Microsoft.ContainerRegistry/registries",
        .operations = "Microsoft.ContainerRegistry/registries",
        .noun = "registry",
        .event = "registry",
        .identities = IdentityKinds::both,
        .is_valid_name = is_registry_name,
        .name_rule = name_rule,
        .name_taken = name_taken,
        .skus = {"Basic", "Standard", "Premium"},
        .properties = properties(),
        .actions = actions(),
        .before_write = check,
        .show = show,
        .preparation = std::move(preparation),
        .api_versions = {"2026-09-01-preview", "2025-11-01", "2023-07-01", "2022-12-01", "2022-02-01-preview",
                         "2021-08-01-preview", "2020-11-01-preview", "2019-05-01"},
    };
}

} // namespace berth::control_plane
