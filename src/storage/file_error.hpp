#pragma once

#include "base/result.hpp"

#include <string_view>

namespace berth::storage {

/// An `errno` as an error: no room (`ENOSPC`, `EDQUOT`, `EFBIG`) `storage_full`; no right to write (`EROFS`, `EACCES`,
/// `EPERM`) `storage_read_only`; no descriptors or memory left `unavailable`; the rest `internal`. `what` says what
/// failed, as in "the upload cannot be written".
Error file_error(int code, std::string_view what);

} // namespace berth::storage
