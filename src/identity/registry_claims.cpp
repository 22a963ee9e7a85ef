#include "identity/registry_claims.hpp"

#include "base/strict_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value_from.hpp>
#include <fmt/format.h>

#include <array>

namespace berth::identity {
namespace {

using rbac::Operation;
using tenant::RoleAssignmentMode;

std::unexpected<Error> lacks(std::string_view claim) {
    return failure(ErrorCode::invalid_credentials,
                   fmt::format("The token lacks the claim '{}', or it is not what it should be.", claim));
}

std::optional<std::vector<TokenScope>> parse_scopes(const boost::json::value* json) {
    if (json == nullptr || !json->is_array()) return std::nullopt;
    std::vector<TokenScope> out;
    for (const auto& item : json->get_array()) {
        const auto type = find_string(item, "type");
        const auto name = find_string(item, "name");
        auto actions = find_strings(item, "actions");
        if (!type || !name || !actions) return std::nullopt;
        out.push_back({std::string(*type), std::string(*name), std::move(*actions)});
    }
    return out;
}

// Which operation stands behind a word, for either kind of permissions.
struct Word {
    std::string_view word;
    Operation registry_operation;
    std::optional<Operation> repository_operation;
};

std::span<const Word> words() {
    constexpr std::string_view r = "Microsoft.ContainerRegistry/registries";
    const auto action = [&](std::string_view tail) { return Operation::known(fmt::format("{}/{}", r, tail)); };
    const auto data = [&](std::string_view tail) { return Operation::known(fmt::format("{}/{}", r, tail), true); };
    static const std::array<Word, 7> table{{
        {"read", action("pull/read"), data("repositories/content/read")},
        {"write", action("push/write"), data("repositories/content/write")},
        {"delete", action("artifacts/delete"), data("repositories/content/delete")},
        {"metadata/read", action("metadata/read"), data("repositories/metadata/read")},
        {"metadata/write", action("metadata/write"), data("repositories/metadata/write")},
        {"deleted/read", action("deleted/read"), std::nullopt},
        {"deleted/restore/action", action("deleted/restore/action"), std::nullopt},
    }};
    return table;
}

} // namespace

std::string_view to_string(RegistryTokenKind kind) noexcept {
    return kind == RegistryTokenKind::refresh ? "refresh_token" : "access_token";
}

std::string_view to_claim(CallerKind kind) noexcept {
    switch (kind) {
    case CallerKind::principal: return "principal";
    case CallerKind::admin_user: return "admin_user";
    case CallerKind::repository_token: return "repository_token";
    case CallerKind::anonymous: break;
    }
    return "anonymous";
}

std::string_view to_claim(RoleAssignmentMode mode) noexcept {
    return mode == RoleAssignmentMode::registry_permissions ? "registry" : "repository";
}

boost::json::array to_claim(const std::vector<TokenScope>& scopes) {
    boost::json::array out;
    for (const TokenScope& scope : scopes) {
        out.push_back({{"type", scope.type}, {"name", scope.name}, {"actions", boost::json::value_from(scope.actions)}});
    }
    return out;
}

Result<RegistryClaims> RegistryClaims::parse(const boost::json::object& json) {
    const boost::json::value claims(json);
    RegistryClaims out;

    for (const std::string_view name : {"jti", "sub", "version"}) {
        if (!find_string(claims, name)) return lacks(name);
    }
    if (find_string(claims, "iss") != registry_token_issuer) return lacks("iss");
    const auto audience = find_string(claims, "aud");
    if (!audience) return lacks("aud");
    out.audience = *audience;
    const auto registry = find_string(claims, "rid");
    if (!registry) return lacks("rid");
    out.registry_id = *registry;

    const auto not_before = find_integer(claims, "nbf");
    if (!not_before) return lacks("nbf");
    out.not_before = *not_before;
    if (!find_integer(claims, "iat")) return lacks("iat");
    const auto expires = find_integer(claims, "exp");
    if (!expires) return lacks("exp");
    out.expires = *expires;

    const auto grant_type = find_string(claims, "grant_type");
    if (grant_type == to_string(RegistryTokenKind::access)) {
        out.kind = RegistryTokenKind::access;
    } else if (grant_type != to_string(RegistryTokenKind::refresh)) {
        return lacks("grant_type");
    }

    const auto mode = find_string(claims, "berth_mode");
    if (mode == to_claim(RoleAssignmentMode::repository_permissions)) {
        out.mode = RoleAssignmentMode::repository_permissions;
    } else if (mode != to_claim(RoleAssignmentMode::registry_permissions)) {
        return lacks("berth_mode");
    }
    const auto mode_epoch = find_integer(claims, "berth_mode_epoch");
    if (!mode_epoch) return lacks("berth_mode_epoch");
    out.mode_epoch = *mode_epoch;
    const auto secret = find_string(claims, "berth_secret");
    if (!secret) return lacks("berth_secret");
    out.secret = *secret;

    const auto caller = find_string(claims, "berth_caller");
    const auto object_id = find_string(claims, "oid");
    const auto token = find_string(claims, "berth_token");
    if (token.has_value() != (caller == to_claim(CallerKind::repository_token))) return lacks("berth_token");
    if (caller == to_claim(CallerKind::principal)) {
        out.caller = CallerKind::principal;
        out.principal = Guid::parse(object_id.value_or(""));
        if (!out.principal) return lacks("oid");
    } else if (object_id) {
        return lacks("berth_caller"); // only principals have an object id
    } else if (caller == to_claim(CallerKind::admin_user)) {
        out.caller = CallerKind::admin_user;
    } else if (token) {
        out.caller = CallerKind::repository_token;
        out.token = Guid::parse(*token);
        if (!out.token) return lacks("berth_token");
    } else if (caller != to_claim(CallerKind::anonymous)) {
        return lacks("berth_caller");
    }

    auto groups = OutsideGroups::of_claims(claims);
    if (!groups || (!groups->empty() && !out.principal)) return lacks("berth_groups");
    out.outside_groups = std::move(*groups);

    if (out.kind == RegistryTokenKind::access) {
        auto asked = parse_scopes(find_member(claims, "berth_asked"));
        if (!asked) return lacks("berth_asked");
        out.asked = std::move(*asked);
    }
    return out;
}

boost::json::array permission_words(const tenant::World& world, const tenant::Registry& registry, const Caller& caller) {
    boost::json::array out;
    for (const Word& word : words()) {
        const bool by_repository = registry.mode == RoleAssignmentMode::repository_permissions;
        const auto operation = by_repository ? word.repository_operation : std::optional(word.registry_operation);
        bool granted = false;
        if (caller.kind == CallerKind::admin_user) {
            granted = word.word != "deleted/read" && word.word != "deleted/restore/action";
        } else if (caller.principal && operation) {
            granted = world.policy->decide(caller.subject(), *operation, registry.scope).allowed;
        }
        if (granted) out.emplace_back(word.word);
    }
    return out;
}

} // namespace berth::identity
