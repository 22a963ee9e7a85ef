#pragma once

#include "base/guid.hpp"
#include "base/time.hpp"
#include "identity/outside_groups.hpp"
#include "rbac/subject.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::identity {

enum class CallerKind : std::uint8_t {
    anonymous,
    principal,        ///< a user or service principal of the directory
    admin_user,       ///< a registry's admin user: may pull, push and delete there, nothing elsewhere
    repository_token, ///< a token of a registry: may do there what its scope map says, nothing elsewhere
};

/// One `type:name:action,action` of a registry token's scope (`repository:library/app:pull,push`).
struct TokenScope {
    std::string type;
    std::string name;
    std::vector<std::string> actions;

    /// Parses a space-separated list. Unknown types and actions are kept as they are and grant nothing; at most 64
    /// entries of at most 32 actions, the rest is dropped. `metadataRead` and `metadataWrite` are read as their newer
    /// spelling.
    static std::vector<TokenScope> parse_list(std::string_view text);
    std::string to_string() const;
};

/// Who is calling, proved. What they may do is decided elsewhere, at each request.
struct Caller {
    CallerKind kind = CallerKind::anonymous;
    std::optional<Guid> principal{}; ///< object id
    std::string name{};              ///< for messages: a service principal's client id, a user's name, the admin's
    std::optional<Guid> registry{};  ///< a credential of one registry: its immutable id
    std::optional<Guid> token{};     ///< of a repository token: its immutable id
    /// Which of the secrets of whoever calls stands behind this, itself or through tokens that were made with it; nothing
    /// made with a secret outlives it (`Credentials::check_secret`). Empty: none that could go away by itself.
    std::string secret{};
    /// A registry access token may be used only for what was asked when it was made; nullptr: not narrowed.
    std::shared_ptr<const std::vector<TokenScope>> narrowed_to{};
    /// When the registry token or the outside issuer's token that proved this expires: no token made with it lives longer.
    /// nullopt: not of such a token.
    std::optional<Timestamp> until{};
    /// Groups that an outside issuer puts a principal into, beside those of the directory; they end with its trust
    /// (`Credentials::check_secret`).
    OutsideGroups outside_groups{};

    static Caller anonymous() { return {}; }
    /// A principal, as decisions take it. Views into this.
    rbac::Subject subject() const noexcept { return {*principal, outside_groups.links}; }
    /// Whether the token's scopes include this (`repository`, `library/app`, `pull`): `*` stands for any name or
    /// action.
    bool narrowing_allows(std::string_view type, std::string_view name, std::string_view action) const noexcept;
};

} // namespace berth::identity
