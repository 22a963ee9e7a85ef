#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "identity/credentials.hpp"
#include "storage/database.hpp"

#include <optional>
#include <string_view>

/// Browsers in which somebody signed in: functions for use inside closures of `Database::read` and `write`.
namespace berth::identity {

inline constexpr std::chrono::hours session_lifetime{12};

/// A new session of a person, ended by time, by its end, by the person's, and by that of the secret they signed in with.
/// The value is for the browser alone. Of one person the newest hundred stay.
Result<Secret> start_session(storage::Session& session, const VerifiedPrincipal& person, Timestamp now);
/// Who signed in there, if it has not ended; whether their secret is still there is for `Credentials::check_secret`.
Result<std::optional<VerifiedPrincipal>> find_session(storage::Session& session, std::string_view value, Timestamp now);
/// Whose session it was; nullopt if there is none.
Result<std::optional<Guid>> end_session(storage::Session& session, std::string_view value);

} // namespace berth::identity
