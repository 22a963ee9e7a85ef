#include "tenant/operation_store.hpp"

#include "tenant/columns.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

// In the order of the enumeration.
constexpr std::array<std::string_view, 5> status_names{"Accepted", "Running", "Succeeded", "Failed", "Canceled"};

#define BERTH_OPERATION_COLUMNS                                                                                                \
    "id, tenant_id, kind, scope, resource_id, actor, status, request, progress, error_code, error_message, started_at, "       \
    "updated_at, ended_at"

Result<Operation> operation_of(const Rows& rows) {
    auto id = guid_column(rows, 0, "id of an operation");
    if (!id) return failure(std::move(id));
    auto tenant = guid_column(rows, 1, "tenant of an operation");
    if (!tenant) return failure(std::move(tenant));
    auto scope = scope_column(rows, 3, "scope of an operation");
    if (!scope) return failure(std::move(scope));
    auto request = json_object_column(rows, 7, "request of an operation");
    if (!request) return failure(std::move(request));
    auto progress = json_object_column(rows, 8, "progress of an operation");
    if (!progress) return failure(std::move(progress));
    const auto status = std::ranges::find(status_names, rows.text(6));
    if (status == status_names.end()) {
        return failure(ErrorCode::internal, "The database holds a damaged value (status of an operation).");
    }
    Operation out{.id = std::move(*id),
                  .tenant = std::move(*tenant),
                  .kind = std::string(rows.text(2)),
                  .scope = std::move(*scope),
                  .resource_row = std::nullopt,
                  .actor = std::string(rows.text(5)),
                  .status = static_cast<OperationStatus>(status - status_names.begin()),
                  .request = std::move(*request),
                  .progress = std::move(*progress),
                  .started_at = rows.time(11),
                  .updated_at = rows.time(12)};
    if (!rows.is_null(4)) out.resource_row = rows.integer(4);
    if (!rows.is_null(9)) out.failure = OperationFailure{std::string(rows.text(9)), rows.optional_text(10).value_or("")};
    if (!rows.is_null(13)) out.ended_at = rows.time(13);
    return out;
}

} // namespace

std::string_view to_text(OperationStatus status) noexcept { return status_names[static_cast<std::size_t>(status)]; }

Result<void> create_operation(Session& session, const Operation& operation) {
    using Text = std::optional<std::string>;
    auto done = session.execute(
        "insert into operations(id, tenant_id, kind, scope, scope_key, resource_id, actor, status, request, progress, "
        "error_code, error_message, started_at, updated_at, ended_at) "
        "values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        operation.id.value(), operation.tenant.value(), operation.kind, operation.scope.value(), operation.scope.key(),
        operation.resource_row, operation.actor, to_text(operation.status), boost::json::serialize(operation.request),
        boost::json::serialize(operation.progress), operation.failure ? Text(operation.failure->code) : Text(),
        operation.failure ? Text(operation.failure->message) : Text(), operation.started_at, operation.updated_at,
        operation.ended_at);
    if (!done) return failure(std::move(done));
    return {};
}

Result<bool> set_operation_progress(Session& session, const Guid& id, const boost::json::object& progress, Timestamp now) {
    auto done = session.execute("update operations set status = 'Running', progress = ?2, updated_at = ?3 "
                                "where id = ?1 and ended_at is null",
                                id.value(), boost::json::serialize(progress), now);
    if (!done) return failure(std::move(done));
    return *done != 0;
}

Result<bool> finish_operation(Session& session, const Guid& id, OperationStatus status,
                              const std::optional<OperationFailure>& why, Timestamp now,
                              const std::optional<boost::json::object>& progress) {
    if (!is_final(status) || (status == OperationStatus::failed) != why.has_value()) {
        return failure(ErrorCode::internal, "An operation ends as Succeeded, Canceled, or Failed with a reason.");
    }
    using Text = std::optional<std::string>;
    auto done = session.execute("update operations set status = ?2, error_code = ?3, error_message = ?4, updated_at = ?5, "
                                "ended_at = ?5, request = '{}', progress = coalesce(?6, progress) "
                                "where id = ?1 and ended_at is null",
                                id.value(), to_text(status), why ? Text(why->code) : Text(), why ? Text(why->message) : Text(),
                                now, progress ? Text(boost::json::serialize(*progress)) : Text());
    if (!done) return failure(std::move(done));
    return *done != 0;
}

Result<std::int64_t> cancel_operations(Session& session, std::int64_t resource_row, std::string_view kind, Timestamp now) {
    return session.execute("update operations set status = 'Canceled', updated_at = ?3, ended_at = ?3, request = '{}' "
                           "where resource_id = ?1 and kind = ?2 and ended_at is null",
                           resource_row, kind, now);
}

Result<std::optional<Operation>> find_operation(Session& session, const Guid& id) {
    return find(session, "select " BERTH_OPERATION_COLUMNS " from operations where id = ?1", operation_of, id.value());
}

Result<std::vector<Operation>> unfinished_operations(Session& session, std::string_view kind) {
    return collect(session,
                   "select " BERTH_OPERATION_COLUMNS
                   " from operations where kind = ?1 and ended_at is null order by started_at, id",
                   operation_of, kind);
}

Result<std::int64_t> forget_operations(Session& session, Timestamp ended_before, std::int64_t at_most) {
    return session.execute("delete from operations where id in "
                           "(select id from operations where ended_at < ?1 order by ended_at limit ?2)",
                           ended_before, at_most);
}

} // namespace berth::tenant
