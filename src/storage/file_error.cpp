#include "storage/file_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace berth::storage {

Error file_error(int code, std::string_view what) {
    const auto because = [&](ErrorCode error, std::string_view advice) {
        return Error{error, fmt::format("{}: {}. {}", what, std::generic_category().message(code), advice)};
    };
    switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return because(ErrorCode::storage_full, "Free space on the volume of the data folder and try again.");
    case EROFS:
    case EACCES:
    case EPERM: return because(ErrorCode::storage_read_only, "Make the data folder writable for the user that runs berth.");
    case EMFILE:
    case ENFILE: return because(ErrorCode::unavailable, "Raise the limit of open files and try again.");
    case ENOMEM: return because(ErrorCode::unavailable, "Try again.");
    default: return because(ErrorCode::internal, "Look at the disk and the system's log.");
    }
}

} // namespace berth::storage
