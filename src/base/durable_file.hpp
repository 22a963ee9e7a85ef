#pragma once

#include "base/result.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string_view>

namespace berth {

/// Replaces a small file: written beside, synced, renamed over it, the folder synced. Readers see the old or the new one.
/// The file has exactly the permissions `mode`. `storage_full`, `storage_read_only` or `internal` with the path.
Result<void> write_durably(const std::filesystem::path& path, std::string_view content, mode_t mode);

} // namespace berth
