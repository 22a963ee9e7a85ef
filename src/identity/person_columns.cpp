#include "identity/person_columns.hpp"

#include "tenant/columns.hpp"

namespace berth::identity {

Result<VerifiedPrincipal> person_columns(const storage::Rows& rows, int first) {
    auto id = tenant::guid_column(rows, first, "person who signed in");
    if (!id) return failure(std::move(id));
    auto groups = OutsideGroups::parse(rows.text(first + 2));
    if (!groups) return failure(ErrorCode::internal, "The database holds a damaged value (groups of a person who signed in).");
    return VerifiedPrincipal{std::move(*id), std::string(rows.text(first + 1)), std::move(*groups)};
}

} // namespace berth::identity
