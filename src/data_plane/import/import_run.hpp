#pragma once

#include "data_plane/import/importer.hpp"

namespace berth::data_plane {

/// `conflict` for a registry that exports nothing (ARM: `policies.exportPolicy`).
Result<void> check_export(const tenant::Registry& source);

/// Does the work of one operation from wherever it stands and writes what becomes of it: progress while it runs, success
/// in the transaction that makes the image visible, or the failure. When told to stop it leaves the operation unfinished.
/// Blocks.
void run_import(const ImporterParts& parts, const tenant::Operation& operation,
                const std::optional<gateway::ImportCallers>& callers, unsigned blobs_at_once, const std::stop_token& stop);

} // namespace berth::data_plane
