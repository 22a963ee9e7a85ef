#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"
#include "tenant/registry_token.hpp"
#include "tenant/resource_store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Repository tokens and scope maps: both are rows of `resources` below their registry, a token's passwords are rows of
/// their own. Functions for closures of `Database::read` and `write`.
namespace berth::tenant {

inline constexpr std::string_view token_type = "Microsoft.ContainerRegistry/registries/tokens";
inline constexpr std::string_view scope_map_type = "Microsoft.ContainerRegistry/registries/scopeMaps";

/// A password of a repository token, as it is shown: the value is shown once, when it is made, and never kept.
struct TokenPassword {
    std::string name; ///< `password1` or `password2`
    std::string hash; ///< as `credentials` keeps it
    Timestamp created_at{};
    std::optional<Timestamp> ends_at; ///< none: it does not end
    bool operator==(const TokenPassword&) const = default;
};
bool is_token_password_name(std::string_view name) noexcept;

/// Keeps the hash of a new password in the place of the old one of that name. `not_found` without such a token,
/// `invalid_parameter` for another name.
Result<void> put_token_password(storage::Session& session, std::int64_t token_row, const TokenPassword& password);
/// `not_found` if the token has none of that name.
Result<void> delete_token_password(storage::Session& session, std::int64_t token_row, std::string_view name);
/// In the order of their names.
Result<std::vector<TokenPassword>> list_token_passwords(storage::Session& session, std::int64_t token_row);
/// Those that hold now, for comparing with what somebody signs in with: none for a token that is gone.
Result<std::vector<TokenPassword>> valid_token_passwords(storage::Session& session, std::int64_t token_row, Timestamp now);

/// Makes those of the five system scope maps that the registry lacks. `insert_resource` does it for a new registry, the
/// start for those of older data.
Result<void> ensure_system_scope_maps(storage::Session& session, const Resource& registry);

/// All tokens of the tenant with their scope maps, for the world. A token whose map is gone, of another registry or
/// unreadable can do nothing; a line of a map that cannot be read allows nothing.
Result<std::vector<RegistryToken>> list_tokens(storage::Session& session);

} // namespace berth::tenant
