#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"

#include <chrono>
#include <cstdint>

/// Records that are kept for a time and not for ever. Functions for closures of `Database::write`.
namespace berth::tenant {

/// How long an operation can be polled after its end.
inline constexpr std::chrono::days ended_operations_kept{7};
/// How long events are kept, and with them the activity log; Azure's 90 days.
inline constexpr std::chrono::days events_kept{90};

struct ForgottenRecords {
    std::int64_t operations = 0;
    std::int64_t events = 0;
    bool operator==(const ForgottenRecords&) const = default;
};

/// Forgets operations and events whose time is over: of each at most `at_once`, the oldest first, so that no transaction
/// takes long. As many as that say that there may be more.
Result<ForgottenRecords> forget_old_records(storage::Session& session, Timestamp now, std::int64_t at_once = 2000);

} // namespace berth::tenant
