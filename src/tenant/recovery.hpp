#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"
#include "tenant/bootstrap.hpp"

#include <cstddef>
#include <string>

namespace berth::tenant {

/// What `recover_owner` found wrong and mended; the new secret is always added.
struct Recovery {
    Bootstrap bootstrap; ///< what there is now; the owner is always there
    bool application_made = false;
    bool principal_made = false;
    bool enabled = false;             ///< it was disabled
    bool administrator_given = false; ///< it was no Global Administrator
    bool role_given = false;          ///< it did not hold Owner at the subscription
    bool condition_removed = false;   ///< it held Owner there under a condition only
    std::size_t secrets_removed = 0;  ///< the oldest, where there was no room for another
    std::size_t other_secrets = 0;    ///< that the Owner still has beside the new one
    std::size_t deny_assignments = 0; ///< that denied it something: it is among those that they exclude now
};

/// Gives the Owner of the first start the secret of `info` and `hash` and sees to it that it can do everything again: that
/// it exists, is enabled, is Global Administrator, holds Owner at the first subscription without a condition, and is excluded
/// from all deny assignments, which could otherwise forbid everybody to delete them. One transaction, with an event.
/// `not_found` on a database that no first start has filled.
Task<Result<Recovery>> recover_owner(storage::Database& database, CredentialInfo info, std::string hash, Timestamp now);

} // namespace berth::tenant
