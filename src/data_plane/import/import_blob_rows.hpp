#pragma once

#include "base/digest.hpp"
#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"

/// The rows of `import_blobs`: functions for closures of `Database::read` and `write`.
namespace berth::data_plane {

/// Keeps a blob for an import that has checked its bytes: nobody else reaches it by that.
Result<void> hold_blob(storage::Session& session, const Guid& operation, const Digest& digest);
/// Whether the import holds it.
Result<bool> is_held(storage::Session& session, const Guid& operation, const Digest& digest);
/// Lets go of all that the import holds; what nothing else refers to is collected.
Result<void> release_blobs(storage::Session& session, const Guid& operation, Timestamp now);
/// The same for imports that have ended without it, by a crash or because their registry was deleted.
Result<void> release_blobs_of_ended_imports(storage::Session& session, Timestamp now);

} // namespace berth::data_plane
