#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "rbac/scope.hpp"
#include "storage/database.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Work that goes on after its request was answered: what ARM calls an operation. Functions for closures of
/// `Database::read` and `write`.
namespace berth::tenant {

/// ARM's states; the last three are final.
enum class OperationStatus : std::uint8_t { accepted, running, succeeded, failed, canceled };

/// `Accepted`, `Running`, `Succeeded`, `Failed`, `Canceled`.
std::string_view to_text(OperationStatus status) noexcept;
constexpr bool is_final(OperationStatus status) noexcept { return status >= OperationStatus::succeeded; }

/// Why an operation failed, as its poller is told: ARM's code, and a message for people. Never a secret.
struct OperationFailure {
    std::string code;
    std::string message;
    bool operator==(const OperationFailure&) const = default;
};

struct Operation {
    Guid id = Guid::random();
    Guid tenant;
    std::string kind;                           ///< `importImage`: which code does the work
    rbac::Scope scope = rbac::Scope::root();    ///< of the resource that it works on: who may read that may poll
    std::optional<std::int64_t> resource_row{}; ///< that resource; the operation goes when the resource is deleted
    std::string actor;                          ///< as events record it; that principal may poll as well
    OperationStatus status = OperationStatus::accepted;
    boost::json::object request{};  ///< what was asked, for whoever takes it up again; secrets in it are sealed
    boost::json::object progress{}; ///< shown to pollers under `properties`; `percentComplete` is shown above it
    std::optional<OperationFailure> failure{};
    Timestamp started_at{};
    Timestamp updated_at{};
    std::optional<Timestamp> ended_at{};
};

/// `already_exists` for an id that is taken.
Result<void> create_operation(storage::Session& session, const Operation& operation);
/// Says that the operation is running and how far it is. False, and nothing is written, when it has ended or is gone (its
/// resource was deleted): whoever works on it then stops.
Result<bool> set_operation_progress(storage::Session& session, const Guid& id, const boost::json::object& progress,
                                    Timestamp now);
/// Ends it, once: false when it has ended before or is gone. `why` is set exactly for `failed`. What was asked is forgotten,
/// sealed secrets included; the progress stays as it is unless `progress` is given.
Result<bool> finish_operation(storage::Session& session, const Guid& id, OperationStatus status,
                              const std::optional<OperationFailure>& why, Timestamp now,
                              const std::optional<boost::json::object>& progress = std::nullopt);
/// Cancels those of a kind on a resource that have not ended, because something later takes their place; returns how many.
Result<std::int64_t> cancel_operations(storage::Session& session, std::int64_t resource_row, std::string_view kind,
                                       Timestamp now);
/// nullopt if there is none.
Result<std::optional<Operation>> find_operation(storage::Session& session, const Guid& id);
/// Those of a kind that have not ended, the oldest first: what a start takes up again.
Result<std::vector<Operation>> unfinished_operations(storage::Session& session, std::string_view kind);
/// Forgets those that ended before this time, the oldest first and no more than `at_most`; returns how many.
Result<std::int64_t> forget_operations(storage::Session& session, Timestamp ended_before, std::int64_t at_most);

} // namespace berth::tenant
