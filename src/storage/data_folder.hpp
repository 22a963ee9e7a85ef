#pragma once

#include "base/result.hpp"
#include "storage/file_system.hpp"

#include <string>

namespace berth::storage {

/// The folder that holds everything a registry keeps: docs/on-disk-format.md. While this lives, no other process opens it.
class DataFolder {
public:
    /// Opens the folder, makes it (for its owner only) if it is not there, and locks it. Fails with `conflict` when
    /// another berth has it, naming its process; `storage_read_only` when it cannot be written; `invalid_parameter` when
    /// `path` is something else than a folder. `path` may be relative.
    static Result<DataFolder> open(const std::string& path, FileSystem& files = real_file_system());

    /// The folder itself, absolute.
    const std::string& path() const noexcept { return path_; }
    /// A file or folder in it.
    std::string path_of(std::string_view name) const { return path_ + '/' + std::string(name); }
    /// The SQLite database.
    std::string database() const { return path_of("berth.db"); }

private:
    DataFolder(std::string path, FileDescriptor lock) noexcept : path_(std::move(path)), lock_(std::move(lock)) {}

    std::string path_;
    FileDescriptor lock_;
};

} // namespace berth::storage
