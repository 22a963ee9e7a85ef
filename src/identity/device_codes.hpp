#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "identity/delegation.hpp"
#include "storage/database.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// Sign-ins of clients without a browser (RFC 8628): functions for use inside closures of `Database::read` and `write`.
namespace berth::identity {

inline constexpr std::chrono::minutes device_code_lifetime{15};
inline constexpr std::int64_t max_device_codes = 10'000;           ///< that wait at the same time
inline constexpr std::int64_t max_device_codes_of_an_address = 50; ///< of them

struct DeviceCode {
    Secret device_code;
    std::string user_code; ///< nine characters that are hard to mistake
};
/// `too_many_requests` above the limits.
Result<DeviceCode> make_device_code(storage::Session& session, const std::string& client_id, const std::string& access,
                                    const std::string& address, Timestamp now);

/// What waits behind a user code.
struct PendingDevice {
    std::string user_code;
    std::string client_id;
    std::string address; ///< of who asked
};
/// As people type it: in any case, with spaces and hyphens. nullopt if nothing waits behind it.
Result<std::optional<PendingDevice>> find_device(storage::Session& session, std::string_view user_code, Timestamp now);

/// The person's decision. False if nothing waits behind the code any more.
Result<bool> approve_device(storage::Session& session, const PendingDevice& device, const VerifiedPrincipal& person,
                            Timestamp now);
Result<bool> decline_device(storage::Session& session, const PendingDevice& device, Timestamp now);

/// What the client gets: once, when the person has agreed.
Result<std::variant<Redeemed, Refused>> redeem_device_code(storage::Session& session, std::string_view device_code,
                                                           std::string_view client_id, Timestamp now);

} // namespace berth::identity
