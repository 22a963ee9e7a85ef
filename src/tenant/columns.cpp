#include "tenant/columns.hpp"

#include "base/strict_json.hpp"

#include <fmt/format.h>

namespace berth::tenant {
namespace {

std::unexpected<Error> damaged(std::string_view what) {
    return failure(ErrorCode::internal,
                   fmt::format("The database holds a damaged value ({}). Restore it from a backup.", what));
}

} // namespace

Result<Guid> guid_column(const storage::Rows& rows, int column, std::string_view what) {
    auto guid = Guid::parse(rows.text(column));
    if (!guid) return damaged(what);
    return std::move(*guid);
}

Result<std::optional<Guid>> optional_guid_column(const storage::Rows& rows, int column, std::string_view what) {
    if (rows.is_null(column)) return std::optional<Guid>();
    auto guid = guid_column(rows, column, what);
    if (!guid) return failure(std::move(guid));
    return std::optional(std::move(*guid));
}

Result<rbac::Scope> scope_column(const storage::Rows& rows, int column, std::string_view what) {
    auto scope = rbac::Scope::parse(rows.text(column));
    if (!scope) return damaged(what);
    return scope;
}

Result<boost::json::value> json_column(const storage::Rows& rows, int column, std::string_view what) {
    auto value = parse_json(rows.text(column));
    if (!value) return damaged(what);
    return value;
}

Result<boost::json::object> json_object_column(const storage::Rows& rows, int column, std::string_view what) {
    auto value = json_column(rows, column, what);
    if (!value) return failure(std::move(value));
    if (!value->is_object()) return damaged(what);
    return std::move(value->get_object());
}

} // namespace berth::tenant
