#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"

#include <string_view>

namespace berth::identity {

/// Lock-out after repeated failures: counts wrong passwords by name and address together, by name alone and by address
/// alone, so that one who guesses is stopped soon and cannot as easily keep the person out who is elsewhere. It holds
/// across restarts, and says nothing about which names exist. Thread-safe.
class SignInAttempts {
public:
    SignInAttempts(storage::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

    /// After so many failures within an hour of each other a name is locked for a minute, for twice as long after the next,
    /// and so on up to an hour.
    static constexpr std::int64_t failures_of_a_name_from_an_address = 10;
    static constexpr std::int64_t failures_of_a_name = 100;
    static constexpr std::int64_t failures_of_an_address = 1000; ///< many people may come by one

    /// `too_many_requests`, with how long to wait, while it is locked. `address` may be empty: unknown.
    Task<Result<void>> check(std::string_view name, std::string_view address);
    Task<Result<void>> failed(std::string_view name, std::string_view address);
    /// Forgets the failures of this name from this address.
    Task<Result<void>> succeeded(std::string_view name, std::string_view address);

private:
    storage::Database& database_;
    const Clock& clock_;
};

} // namespace berth::identity
