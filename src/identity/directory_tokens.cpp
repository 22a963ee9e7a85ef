#include "identity/directory_tokens.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/shared_slot.hpp"
#include "base/strict_json.hpp"
#include "identity/compact_token.hpp"
#include "identity/remembered.hpp"

#include <fmt/format.h>

#include <array>

namespace berth::identity {
namespace {

constexpr std::chrono::seconds back_dating = std::chrono::minutes(5); // as Entra's
constexpr std::chrono::seconds lifetime = std::chrono::hours(1);
constexpr std::size_t memory_capacity = 4096;

constexpr std::array<std::string_view, 2> resource_manager_audiences{"https://management.azure.com",
                                                                     "https://management.core.windows.net"};
constexpr std::string_view graph_audience = "https://graph.microsoft.com";
constexpr std::string_view registry_audience = "https://containerregistry.azure.net";

constexpr std::array exchange_with_arm{Audience::registry, Audience::resource_manager};

std::unexpected<Error> refused(std::string protocol_code, std::string message) {
    return std::unexpected(Error{.code = ErrorCode::invalid_credentials,
                                 .message = std::move(message),
                                 .detail = nullptr,
                                 .protocol_code = std::move(protocol_code)});
}
std::unexpected<Error> invalid(std::string message) { return refused("InvalidAuthenticationToken", std::move(message)); }

// Without the slash at the end that some clients add, in lower case.
std::string normalized(std::string_view resource) {
    while (resource.ends_with('/')) resource.remove_suffix(1);
    return to_lower(resource);
}

// 11/22/2026 9:10:27 PM, as ARM writes times into this one message.
std::string message_time(std::int64_t unix_seconds) {
    const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    const auto hour = clock.hours().count();
    return fmt::format("{}/{}/{} {}:{:02}:{:02} {}", static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       static_cast<int>(date.year()), hour % 12 == 0 ? 12 : hour % 12, clock.minutes().count(),
                       clock.seconds().count(), hour < 12 ? "AM" : "PM");
}

// What a directory token says that berth goes by.
struct DirectoryClaims {
    std::string audience; // as written
    std::string tenant;
    Guid principal;
    std::optional<std::string> application;
    std::string secret;
    OutsideGroups outside_groups;
    std::int64_t not_before = 0;
    std::int64_t expires = 0;

    static Result<DirectoryClaims> parse(const boost::json::object& json);
};

Result<DirectoryClaims> DirectoryClaims::parse(const boost::json::object& json) {
    const boost::json::value claims(json);
    const auto lacks = [](std::string_view claim) {
        return invalid(fmt::format("The received access token is not valid: it lacks the claim '{}', or it is not what "
                                   "it should be.",
                                   claim));
    };
    for (const std::string_view name : {"iss", "sub", "ver"}) {
        if (!find_string(claims, name)) return lacks(name);
    }
    const auto audience = find_string(claims, "aud");
    if (!audience) return lacks("aud");
    const auto tenant = find_string(claims, "tid");
    if (!tenant) return lacks("tid");
    auto principal = Guid::parse(find_string(claims, "oid").value_or(""));
    if (!principal) return lacks("oid");
    const auto not_before = find_integer(claims, "nbf");
    if (!not_before) return lacks("nbf");
    if (!find_integer(claims, "iat")) return lacks("iat");
    const auto expires = find_integer(claims, "exp");
    if (!expires) return lacks("exp");
    const auto application = find_string(claims, "appid");
    const auto secret = find_string(claims, "berth_secret");
    if (!secret) return lacks("berth_secret");
    auto groups = OutsideGroups::of_claims(claims);
    if (!groups) return lacks("berth_groups");
    return DirectoryClaims{.audience = std::string(*audience),
                           .tenant = std::string(*tenant),
                           .principal = std::move(*principal),
                           .application = application ? std::optional<std::string>(*application) : std::nullopt,
                           .secret = std::string(*secret),
                           .outside_groups = std::move(*groups),
                           .not_before = *not_before,
                           .expires = *expires};
}

MemoryKey memory_key(std::string_view token) {
    MemoryKey key{};
    std::ranges::copy(Digest::of(as_bytes(token)).bytes(), key.begin());
    return key;
}

} // namespace

std::span<const Audience> exchange_audiences(const tenant::Registry& registry) noexcept {
    return std::span(exchange_with_arm).first(registry.arm_tokens_accepted ? 2 : 1);
}

struct DirectoryTokens::Memory {
    struct Own {
        std::vector<std::string> addresses; // normalized
        RegistryAddresses of_registry;
    };

    Remembered<DirectoryClaims> verified{memory_capacity};
    SharedSlot<Own> own{std::make_shared<const Own>()};

    // Whether a normalized address is one of this server's, or one of a registry's that this world has.
    bool is_own(const tenant::World& world, std::string_view address) const {
        const auto now = own.load();
        if (std::ranges::find(now->addresses, address) != now->addresses.end()) return true;
        const std::size_t host = address.find("://");
        if (!now->of_registry || host == std::string_view::npos) return false;
        const tenant::Registry* registry = world.registry_for_host(address.substr(host + 3));
        if (registry == nullptr) return false;
        const auto theirs = now->of_registry(registry->login_server);
        return std::ranges::any_of(theirs, [&](const std::string& one) { return normalized(one) == address; });
    }

    static bool takes_own(std::span<const Audience> accepted) noexcept {
        return std::ranges::any_of(accepted, [](Audience one) { return one != Audience::registry; });
    }

    // What `accepted` comes to but for the addresses of registries: for comparing and for the message.
    std::vector<std::string> allowed(std::span<const Audience> accepted) const {
        std::vector<std::string> out;
        for (const Audience audience : accepted) {
            switch (audience) {
            case Audience::resource_manager:
                out.insert(out.end(), resource_manager_audiences.begin(), resource_manager_audiences.end());
                break;
            case Audience::graph: out.emplace_back(graph_audience); break;
            case Audience::registry: out.emplace_back(registry_audience); break;
            }
        }
        if (takes_own(accepted)) {
            const auto now = own.load();
            out.insert(out.end(), now->addresses.begin(), now->addresses.end());
        }
        return out;
    }
};

DirectoryTokens::DirectoryTokens(const KeyRing& keys, const Clock& clock)
    : keys_(keys), clock_(clock), memory_(std::make_unique<Memory>()) {}

DirectoryTokens::~DirectoryTokens() = default;

void DirectoryTokens::set_own_addresses(std::vector<std::string> base_addresses, RegistryAddresses of_registry) {
    for (std::string& address : base_addresses) address = normalized(address);
    std::erase(base_addresses, "");
    memory_->own.store(std::make_shared<const Memory::Own>(std::move(base_addresses), std::move(of_registry)));
}

bool DirectoryTokens::is_own_address(const tenant::World& world, std::string_view base_address) const {
    return memory_->is_own(world, normalized(base_address));
}

bool DirectoryTokens::knows_resource(const tenant::World& world, std::string_view resource) const {
    constexpr std::array every{Audience::resource_manager, Audience::graph, Audience::registry};
    const std::string wanted = normalized(resource);
    const auto allowed = memory_->allowed(every);
    return std::ranges::find(allowed, wanted) != allowed.end() || memory_->is_own(world, wanted);
}

Result<IssuedToken> DirectoryTokens::issue(const tenant::World& world, const tenant::Principal& principal,
                                           std::string_view resource, std::string_view issuer, std::string_view secret,
                                           const OutsideGroups& groups) {
    return issue(world, principal, nullptr, resource, issuer, secret, groups);
}

Result<IssuedToken> DirectoryTokens::issue_for_person(const tenant::World& world, const tenant::Principal& person,
                                                      const ClientOfPerson& client, std::string_view resource,
                                                      std::string_view issuer, std::string_view secret,
                                                      const OutsideGroups& groups) {
    return issue(world, person, &client, resource, issuer, secret, groups);
}

Result<std::string> DirectoryTokens::issue_id_token(const tenant::World& world, const tenant::Principal& person,
                                                    const ClientOfPerson& client, std::string_view issuer) const {
    const Timestamp now = clock_.now();
    boost::json::object json{{"aud", client.client_id},
                             {"iss", issuer},
                             {"iat", to_unix_seconds(now - back_dating)},
                             {"nbf", to_unix_seconds(now - back_dating)},
                             {"exp", to_unix_seconds(now + lifetime)},
                             {"name", person.display_name},
                             {"oid", person.id.value()},
                             {"preferred_username", person.user_principal_name.value_or(person.display_name)},
                             {"upn", person.user_principal_name.value_or(person.display_name)},
                             {"sub", person.id.value()},
                             {"tid", world.tenant_id.value()},
                             {"uti", Guid::random().compact()},
                             {"ver", "2.0"}};
    if (!client.nonce.empty()) json["nonce"] = client.nonce;
    return keys_.sign(KeyPurpose::directory, json);
}

Result<IssuedToken> DirectoryTokens::issue(const tenant::World& world, const tenant::Principal& principal,
                                           const ClientOfPerson* client, std::string_view resource, std::string_view issuer,
                                           std::string_view secret, const OutsideGroups& groups) {
    const Timestamp now = clock_.now();
    const Timestamp end = groups.empty() ? now + lifetime : std::clamp(groups.until, now, now + lifetime);
    const bool is_user = principal.kind == tenant::PrincipalKind::user;
    DirectoryClaims claims{.audience = std::string(resource),
                           .tenant = world.tenant_id.value(),
                           .principal = principal.id,
                           .application = std::nullopt,
                           .secret = std::string(secret),
                           .outside_groups = groups,
                           .not_before = to_unix_seconds(now - back_dating),
                           .expires = to_unix_seconds(end)};
    boost::json::object json{{"aud", claims.audience},
                             {"iss", issuer},
                             {"iat", claims.not_before},
                             {"nbf", claims.not_before},
                             {"exp", claims.expires},
                             {"idp", issuer},
                             {"idtyp", is_user ? "user" : "app"},
                             {"oid", principal.id.value()},
                             {"sub", principal.id.value()},
                             {"tid", claims.tenant},
                             {"uti", Guid::random().compact()},
                             {"ver", "1.0"},
                             {"berth_secret", secret}};
    if (principal.application_id) {
        claims.application = principal.application_id->value();
        json["appid"] = *claims.application;
        json["appidacr"] = "1";
        json["app_displayname"] = principal.display_name;
    }
    if (principal.user_principal_name) {
        json["upn"] = *principal.user_principal_name;
        json["unique_name"] = *principal.user_principal_name;
        json["name"] = principal.display_name;
    }
    if (!groups.empty()) json["berth_groups"] = groups.to_text();
    if (client != nullptr) {
        claims.application = client->client_id;
        json["appid"] = client->client_id;
        json["appidacr"] = client->confidential ? "1" : "0";
        json["scp"] = client->permissions;
    }
    auto token = keys_.sign(KeyPurpose::directory, json);
    if (!token) return failure(std::move(token));
    memory_->verified.insert(memory_key(*token), std::make_shared<const DirectoryClaims>(std::move(claims)));
    return IssuedToken{std::move(*token), end, std::chrono::duration_cast<std::chrono::seconds>(end - now)};
}

Result<Caller> DirectoryTokens::verify(const tenant::World& world, std::span<const Audience> accepted,
                                       std::string_view token) const {
    // Checked here too, before anything is computed over the token.
    if (token.size() > longest_token) return invalid("The access token is invalid: it is longer than 32 KiB.");
    const std::int64_t now = to_unix_seconds(clock_.now());
    const MemoryKey key = memory_key(token);
    auto claims = memory_->verified.find(key);
    if (!claims) {
        auto json = keys_.verify(KeyPurpose::directory, token);
        if (!json) return invalid(fmt::format("The access token is invalid. {}", json.error().message));
        auto parsed = DirectoryClaims::parse(*json);
        if (!parsed) return failure(std::move(parsed));
        claims = std::make_shared<const DirectoryClaims>(std::move(*parsed));
        if (now < claims->expires) memory_->verified.insert(key, claims);
    }
    if (now >= claims->expires) {
        return refused("ExpiredAuthenticationToken",
                       fmt::format("The access token expiry UTC time '{}' is earlier than current UTC time '{}'.",
                                   message_time(claims->expires), message_time(now)));
    }
    if (now < claims->not_before) return invalid("The access token is invalid: it is not valid yet.");
    if (claims->tenant != world.tenant_id.value()) {
        return invalid("The access token is invalid: it is from another tenant.");
    }
    const auto allowed = memory_->allowed(accepted);
    const std::string audience = normalized(claims->audience);
    if (std::ranges::find(allowed, audience) == allowed.end() &&
        !(Memory::takes_own(accepted) && memory_->is_own(world, audience))) {
        std::string list;
        for (const std::string& one : allowed) list += fmt::format("{}'{}'", list.empty() ? "" : ",", one);
        return refused("InvalidAuthenticationTokenAudience",
                       fmt::format("The access token has been obtained for wrong audience or resource '{}'. It should "
                                   "exactly match with one of the allowed audiences {}.",
                                   claims->audience, list));
    }
    const tenant::Principal* principal = world.find_principal(claims->principal);
    if (principal == nullptr || !principal->enabled || principal->kind == tenant::PrincipalKind::group) {
        return invalid("The access token is invalid: its identity is deleted or disabled.");
    }
    if (principal->application_id && claims->application != std::optional<std::string>(principal->application_id->value())) {
        return invalid("The access token is invalid: it names another application than its identity's.");
    }
    return Caller{.kind = CallerKind::principal,
                  .principal = principal->id,
                  .name = principal->application_id ? principal->application_id->value()
                                                    : principal->user_principal_name.value_or(principal->id.value()),
                  .registry = std::nullopt,
                  .token = std::nullopt,
                  .secret = claims->secret,
                  .narrowed_to = nullptr,
                  .until = std::nullopt,
                  .outside_groups = claims->outside_groups};
}

} // namespace berth::identity
