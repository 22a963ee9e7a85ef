#pragma once

#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

/// The rows of certificates that programs sign in with: functions for closures of `Database::read` and `write`.
namespace berth::tenant {

/// A certificate that an application or a service principal proves itself with.
struct KeyCredential {
    Guid key_id;
    Bytes certificate; ///< DER
    Bytes thumbprint;  ///< SHA-1 of it (RFC 7515 section 4.1.7)
    std::optional<std::string> display_name;
    Timestamp starts_at{};
    Timestamp ends_at{};
};

/// How many certificates one owner can have.
inline constexpr std::size_t max_key_credentials = 100;

/// Of an application or a service principal by its object id, oldest first.
Result<std::vector<KeyCredential>> list_key_credentials(storage::Session& session, const Guid& owner);
/// Makes these all that the owner has. `not_found` for an unknown owner, `limit_exceeded` above `max_key_credentials`,
/// `already_exists` for a key id that is another owner's.
Result<void> replace_key_credentials(storage::Session& session, const Guid& owner, std::span<const KeyCredential> credentials);
/// Those that hold now for a service principal: its own and its application's.
Result<std::vector<KeyCredential>> valid_key_credentials(storage::Session& session, const Guid& principal, Timestamp now);

} // namespace berth::tenant
