#include "tenant/record_retention.hpp"

#include "tenant/operation_store.hpp"

#include <algorithm>

namespace berth::tenant {

Result<ForgottenRecords> forget_old_records(storage::Session& session, Timestamp now, std::int64_t at_once) {
    auto operations = forget_operations(session, now - ended_operations_kept, at_once);
    if (!operations) return failure(std::move(operations));
    // Events are numbered as they happen, so the old ones stand first; no more than those that go is looked at.
    auto events = session.execute("delete from events where at < ?1 and sequence < "
                                  "coalesce((select sequence from events where at >= ?1 order by sequence limit 1), "
                                  "(select max(sequence) + 1 from events)) and sequence in "
                                  "(select sequence from events order by sequence limit ?2)",
                                  now - events_kept, at_once);
    if (!events) return failure(std::move(events));
    return ForgottenRecords{*operations, *events};
}

} // namespace berth::tenant
