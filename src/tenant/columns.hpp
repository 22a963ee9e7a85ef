#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "rbac/scope.hpp"
#include "storage/database.hpp"

#include <boost/json/value.hpp>

/// Columns that hold more than text, read back into their types. What does not parse was not written by berth: the
/// answer is `internal` and names the column, and nothing is decided on a guess.
namespace berth::tenant {

Result<Guid> guid_column(const storage::Rows& rows, int column, std::string_view what);
/// nullopt for null.
Result<std::optional<Guid>> optional_guid_column(const storage::Rows& rows, int column, std::string_view what);
Result<rbac::Scope> scope_column(const storage::Rows& rows, int column, std::string_view what);
Result<boost::json::value> json_column(const storage::Rows& rows, int column, std::string_view what);
Result<boost::json::object> json_object_column(const storage::Rows& rows, int column, std::string_view what);

/// Whether the query gives at least one row.
template <class... Arguments>
Result<bool> exists(storage::Session& session, std::string_view sql, const Arguments&... arguments) {
    auto rows = session.query(sql, arguments...);
    if (!rows) return failure(std::move(rows));
    return rows->next();
}

/// The one integer that the query gives.
template <class... Arguments>
Result<std::int64_t> integer(storage::Session& session, std::string_view sql, const Arguments&... arguments) {
    auto rows = session.query(sql, arguments...);
    if (!rows) return failure(std::move(rows));
    auto more = rows->next();
    if (!more) return failure(std::move(more));
    return *more ? rows->integer(0) : 0;
}

/// Calls `read(rows)`, which returns a `Result`, for each row of the query and collects the values.
template <class Read, class... Arguments>
auto collect(storage::Session& session, std::string_view sql, Read read, const Arguments&... arguments)
    -> Result<std::vector<typename std::invoke_result_t<Read&, const storage::Rows&>::value_type>> {
    std::vector<typename std::invoke_result_t<Read&, const storage::Rows&>::value_type> out;
    auto rows = session.query(sql, arguments...);
    if (!rows) return failure(std::move(rows));
    while (true) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        auto value = read(std::as_const(*rows));
        if (!value) return failure(std::move(value));
        out.push_back(std::move(*value));
    }
}

/// The same for a query that gives one row or none: nullopt for none.
template <class Read, class... Arguments>
auto find(storage::Session& session, std::string_view sql, Read read, const Arguments&... arguments)
    -> Result<std::optional<typename std::invoke_result_t<Read&, const storage::Rows&>::value_type>> {
    std::optional<typename std::invoke_result_t<Read&, const storage::Rows&>::value_type> out;
    auto found = collect(session, sql, read, arguments...);
    if (!found) return failure(std::move(found));
    if (!found->empty()) out.emplace(std::move(found->front()));
    return out;
}

} // namespace berth::tenant
