#include "storage/database.hpp"

namespace berth::storage {

Result<Digest> Rows::digest(int column) const {
    auto digest = Digest::from_stored(bytes(column));
    if (!digest) return failure(ErrorCode::internal, "the database holds a digest that is none: its data is damaged");
    return *digest;
}

} // namespace berth::storage
