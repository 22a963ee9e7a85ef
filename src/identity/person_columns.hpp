#pragma once

#include "base/result.hpp"
#include "identity/credentials.hpp"
#include "storage/database.hpp"

namespace berth::identity {

/// A person who signed in, from the adjacent columns `principal_id, secret, outside_groups`. `internal` for damage.
Result<VerifiedPrincipal> person_columns(const storage::Rows& rows, int first);

} // namespace berth::identity
