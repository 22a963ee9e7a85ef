#include "identity/registry_tokens.hpp"

#include "base/encoding.hpp"
#include "identity/keyed_hash.hpp"
#include "identity/recent_tokens.hpp"
#include "identity/registry_claims.hpp"
#include "identity/remembered.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::identity {
namespace {

// Lifetimes as Azure's tokens have them; `nbf` and `iat` lie in the past for clients whose clock is behind.
constexpr std::chrono::seconds back_dating = std::chrono::minutes(15);
constexpr std::chrono::seconds refresh_lifetime = std::chrono::hours(3);
constexpr std::chrono::seconds access_lifetime = std::chrono::hours(1);
constexpr std::chrono::seconds anonymous_lifetime = std::chrono::minutes(5);

// A request's head must have room for it, twice over.
constexpr std::size_t longest_issued = 16UZ * 1024;
constexpr std::size_t memory_capacity = 8192;

// Clients ask for a token again and again with the same words. For so long they get the one that was signed first.
constexpr std::chrono::seconds signed_again_after = std::chrono::minutes(1);
constexpr std::size_t issued_capacity = 2048;

std::unexpected<Error> refused(std::string message) { return failure(ErrorCode::invalid_credentials, std::move(message)); }

// A service principal's client id, a user's name.
std::string name_of(const tenant::Principal& principal) {
    if (principal.application_id) return principal.application_id->value();
    return principal.user_principal_name.value_or(principal.id.value());
}

bool can_sign_in(const tenant::Principal* principal) noexcept {
    return principal != nullptr && principal->enabled && principal->kind != tenant::PrincipalKind::group;
}

const tenant::RegistryToken* usable_token(const tenant::World& world, const tenant::Registry& registry, const Guid& id) {
    const tenant::RegistryToken* token = world.find_token(id);
    return token != nullptr && token->enabled && token->registry == registry.id ? token : nullptr;
}

// Whom the claims name, as the world has them now.
Result<Caller> caller_of(const tenant::World& world, const tenant::Registry& registry,
                         const std::shared_ptr<const RegistryClaims>& remembered) {
    const RegistryClaims& claims = *remembered;
    Caller caller{.kind = claims.caller,
                  .principal = claims.principal,
                  .name = {},
                  .registry = registry.id,
                  .token = claims.token,
                  .secret = claims.secret,
                  .narrowed_to = nullptr,
                  .until = std::nullopt};
    switch (claims.caller) {
    case CallerKind::anonymous:
        if (claims.kind == RegistryTokenKind::refresh) return refused("The token stands for nobody.");
        break;
    case CallerKind::admin_user:
        if (!registry.admin_user_enabled) return refused("The admin user of the registry is disabled.");
        caller.name = registry.name;
        break;
    case CallerKind::repository_token: {
        const tenant::RegistryToken* token = usable_token(world, registry, *claims.token);
        if (token == nullptr) return refused("The repository token is deleted or disabled.");
        caller.name = token->name;
        break;
    }
    case CallerKind::principal: {
        const tenant::Principal* principal = world.find_principal(*claims.principal);
        if (!can_sign_in(principal)) return refused("The identity of the token is deleted or disabled.");
        caller.name = name_of(*principal);
        caller.outside_groups = claims.outside_groups;
        break;
    }
    }
    if (claims.kind == RegistryTokenKind::access) {
        caller.narrowed_to = std::shared_ptr<const std::vector<TokenScope>>(remembered, &claims.asked);
    }
    caller.until = Timestamp(std::chrono::seconds(claims.expires));
    return caller;
}

} // namespace

struct RegistryTokens::Memory {
    // A key that signs no more still verifies for longer than any of these tokens lives, so nothing that is remembered
    // outlives its key.
    Remembered<RegistryClaims> verified{memory_capacity};
    Remembered<IssuedToken> issued{issued_capacity}; // access tokens by all that they say but for their own id and times
    KeyedHash hash;
    RecentTokens recent;

    Result<IssuedToken> issue(const KeyRing& keys, Timestamp now, RegistryClaims claims, boost::json::object more,
                              std::chrono::seconds lifetime);
    Result<Caller> verify(const KeyRing& keys, Timestamp now, const tenant::World& world, const tenant::Registry& registry,
                          std::optional<RegistryTokenKind> kind, std::string_view token);
};

Result<IssuedToken> RegistryTokens::Memory::issue(const KeyRing& keys, Timestamp now, RegistryClaims claims,
                                                  boost::json::object more, std::chrono::seconds lifetime) {
    boost::json::object json{{"iss", registry_token_issuer},
                             {"aud", claims.audience},
                             {"version", "1.0"},
                             {"rid", claims.registry_id},
                             {"grant_type", to_string(claims.kind)},
                             {"roles", boost::json::array()},
                             {"berth_caller", to_claim(claims.caller)},
                             {"berth_mode", to_claim(claims.mode)},
                             {"berth_mode_epoch", claims.mode_epoch},
                             {"berth_secret", claims.secret}};
    if (claims.token) json["berth_token"] = claims.token->value();
    if (claims.principal) json["oid"] = claims.principal->value();
    if (!claims.outside_groups.empty()) json["berth_groups"] = claims.outside_groups.to_text();
    if (claims.kind == RegistryTokenKind::access) json["berth_asked"] = to_claim(claims.asked);
    for (auto& member : more) json[member.key()] = std::move(member.value());

    // Anybody can have anonymous tokens made: remembering them would push out those that are in use.
    const bool remembers = claims.caller != CallerKind::anonymous;
    const Timestamp expires = now + lifetime;
    std::optional<MemoryKey> same;
    if (remembers && claims.kind == RegistryTokenKind::access) {
        same = hash.of({boost::json::serialize(json)});
        const auto earlier = issued.find(*same);
        // Never one that lives longer than a new one would.
        if (earlier && earlier->expires_at <= expires && expires - earlier->expires_at < signed_again_after) {
            return IssuedToken{earlier->token, earlier->expires_at,
                               std::chrono::duration_cast<std::chrono::seconds>(earlier->expires_at - now)};
        }
    }

    claims.not_before = to_unix_seconds(now - back_dating);
    claims.expires = to_unix_seconds(expires);
    json["jti"] = Guid::random().value();
    json["nbf"] = claims.not_before;
    json["exp"] = claims.expires;
    json["iat"] = claims.not_before;
    auto token = keys.sign(KeyPurpose::registry, json);
    if (!token) return failure(std::move(token));
    if (token->size() > longest_issued) {
        return failure(ErrorCode::bad_request, "The token would be too long. Ask for fewer scopes at once.");
    }
    IssuedToken out{std::move(*token), expires, lifetime};
    if (remembers) verified.insert(hash.of({out.token}), std::make_shared<const RegistryClaims>(std::move(claims)));
    if (same) issued.insert(*same, std::make_shared<const IssuedToken>(out));
    return out;
}

Result<Caller> RegistryTokens::Memory::verify(const KeyRing& keys, Timestamp now, const tenant::World& world,
                                              const tenant::Registry& registry, std::optional<RegistryTokenKind> kind,
                                              std::string_view token) {
    // Checked here too, before anything is computed over the token.
    if (token.size() > longest_issued) return refused("The token is longer than any that this registry issues.");
    auto claims = recent.find(token);
    const bool is_recent = claims != nullptr;
    std::optional<MemoryKey> key;
    if (!is_recent) claims = verified.find(key.emplace(hash.of({token})));
    if (!claims) {
        auto json = keys.verify(KeyPurpose::registry, token);
        if (!json) return failure(std::move(json));
        auto parsed = RegistryClaims::parse(*json);
        if (!parsed) return failure(std::move(parsed));
        claims = std::make_shared<const RegistryClaims>(std::move(*parsed));
        if (to_unix_seconds(now) < claims->expires) verified.insert(*key, claims);
    }
    if (!is_recent) recent.keep(token, *claims);
    const std::int64_t seconds = to_unix_seconds(now);
    if (seconds >= claims->expires) return refused("The token has expired.");
    if (seconds < claims->not_before) return refused("The token is not valid yet.");
    if (kind && claims->kind != *kind) {
        return refused(fmt::format("This is no {} token: its grant_type is '{}'.",
                                   *kind == RegistryTokenKind::refresh ? "refresh" : "access", to_string(claims->kind)));
    }
    if (!registry.id.is_compact(claims->registry_id)) return refused("The token is for another registry.");
    if (claims->audience != registry.login_server) {
        return refused(
            fmt::format("The token is for the audience '{}', not for '{}'.", claims->audience, registry.login_server));
    }
    // Also when it was switched back: what a client made of its rights is of the other mode.
    if (claims->kind == RegistryTokenKind::access &&
        (claims->mode != registry.mode || claims->mode_epoch != registry.mode_epoch)) {
        return refused("The token was issued before the registry's role assignment mode was switched. Ask for a new one.");
    }
    return caller_of(world, registry, claims);
}

RegistryTokens::RegistryTokens(const KeyRing& keys, const Clock& clock)
    : keys_(keys), clock_(clock), memory_(std::make_unique<Memory>()) {}

RegistryTokens::~RegistryTokens() = default;

namespace {

// No token lives longer than what it was made with: else whoever holds one could keep it alive for ever, and what an outside
// issuer said would count for longer than it said.
std::chrono::seconds lifetime_for(const Caller& caller, Timestamp now, std::chrono::seconds longest) {
    Timestamp end = now + longest;
    if (caller.until) end = std::min(end, *caller.until);
    if (!caller.outside_groups.empty()) end = std::min(end, caller.outside_groups.until);
    return std::max(std::chrono::duration_cast<std::chrono::seconds>(end - now), std::chrono::seconds(0));
}

struct Subject {
    RegistryClaims claims;
    boost::json::object json; // `sub`, `appid`, `tenant`
};

// The claims about the caller, who must be one that the world knows and the registry lets in.
Result<Subject> subject_of(const tenant::World& world, const tenant::Registry& registry, const Caller& caller) {
    if (caller.registry && *caller.registry != registry.id) {
        return refused("The credential is for another registry.");
    }
    Subject out{{.caller = caller.kind,
                 .principal = std::nullopt,
                 .token = std::nullopt,
                 .secret = caller.secret,
                 .registry_id = registry.id.compact(),
                 .audience = registry.login_server,
                 .mode = registry.mode,
                 .mode_epoch = registry.mode_epoch,
                 .asked = {}},
                {}};
    switch (caller.kind) {
    case CallerKind::anonymous: out.json["sub"] = anonymous_subject; break;
    case CallerKind::admin_user:
        if (!registry.admin_user_enabled) return refused("The admin user of the registry is disabled.");
        out.json["sub"] = registry.name;
        break;
    case CallerKind::repository_token: {
        const auto* token = caller.token ? usable_token(world, registry, *caller.token) : nullptr;
        if (token == nullptr) return refused("The repository token is deleted or disabled.");
        out.claims.token = token->id;
        out.json["sub"] = token->name;
        break;
    }
    case CallerKind::principal: {
        const auto* principal = caller.principal ? world.find_principal(*caller.principal) : nullptr;
        if (!can_sign_in(principal)) return refused("The identity is deleted or disabled.");
        out.claims.principal = principal->id;
        out.claims.outside_groups = caller.outside_groups;
        out.json["sub"] = name_of(*principal);
        if (principal->application_id) out.json["appid"] = principal->application_id->value();
        break;
    }
    }
    return out;
}

} // namespace

Result<IssuedToken> RegistryTokens::issue_refresh(const tenant::World& world, const tenant::Registry& registry,
                                                  const Caller& caller) {
    if (caller.kind == CallerKind::anonymous) {
        return failure(ErrorCode::unauthenticated, "There is no refresh token for anonymous callers.");
    }
    auto subject = subject_of(world, registry, caller);
    if (!subject) return failure(std::move(subject));
    subject->claims.kind = RegistryTokenKind::refresh;
    auto& json = subject->json;
    json["tenant"] = world.tenant_id.value();
    json["permissions"] = {{"actions", permission_words(world, registry, caller)}, {"notActions", boost::json::array()}};
    // How acr-cli tells that permissions are per repository here.
    if (registry.mode == tenant::RoleAssignmentMode::repository_permissions && subject->claims.principal) {
        json["aad_identity"] = subject->claims.principal->value();
    }
    const auto lifetime = lifetime_for(caller, clock_.now(), refresh_lifetime);
    return memory_->issue(keys_, clock_.now(), std::move(subject->claims), std::move(json), lifetime);
}

Result<IssuedToken> RegistryTokens::issue_access(const tenant::World& world, const tenant::Registry& registry,
                                                 const Caller& caller, const std::vector<TokenScope>& asked,
                                                 const std::vector<TokenScope>& granted) {
    auto subject = subject_of(world, registry, caller);
    if (!subject) return failure(std::move(subject));
    subject->claims.kind = RegistryTokenKind::access;
    subject->claims.asked = asked;
    subject->json["access"] = to_claim(granted);
    const auto longest = caller.kind == CallerKind::anonymous ? anonymous_lifetime : access_lifetime;
    const auto lifetime = lifetime_for(caller, clock_.now(), longest);
    return memory_->issue(keys_, clock_.now(), std::move(subject->claims), std::move(subject->json), lifetime);
}

Result<Caller> RegistryTokens::verify_refresh(const tenant::World& world, const tenant::Registry& registry,
                                              std::string_view token) {
    return memory_->verify(keys_, clock_.now(), world, registry, RegistryTokenKind::refresh, token);
}

Result<Caller> RegistryTokens::verify_access(const tenant::World& world, const tenant::Registry& registry,
                                             std::string_view token) {
    return memory_->verify(keys_, clock_.now(), world, registry, RegistryTokenKind::access, token);
}

Result<Caller> RegistryTokens::verify_either(const tenant::World& world, const tenant::Registry& registry,
                                             std::string_view token) {
    return memory_->verify(keys_, clock_.now(), world, registry, std::nullopt, token);
}

} // namespace berth::identity
