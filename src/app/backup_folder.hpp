#pragma once

#include "base/file_descriptor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace berth::app {

/// A folder that is there whole or not at all: it is filled as `PATH.incomplete` and gets its name at the end. What an
/// interrupted run left under that name is replaced by the next one.
class WholeFolder {
public:
    /// `conflict` if `path` exists (an empty folder does not count) or another process fills it; `not_found` if the folder
    /// that it shall lie in is not there.
    static Result<WholeFolder> begin(const std::filesystem::path& path);
    WholeFolder(WholeFolder&&) noexcept = default;
    WholeFolder& operator=(WholeFolder&&) = delete;
    /// Removes what is there, unless it was finished.
    ~WholeFolder();

    /// Where to put things.
    const std::filesystem::path& filling() const noexcept { return filling_; }
    const std::filesystem::path& path() const noexcept { return path_; }
    /// Everything is on the disk and has its name when this returns.
    Result<void> finish();

private:
    WholeFolder(std::filesystem::path path, std::filesystem::path filling, FileDescriptor lock) noexcept
        : path_(std::move(path)), filling_(std::move(filling)), lock_(std::move(lock)) {}

    std::filesystem::path path_;
    std::filesystem::path filling_;
    FileDescriptor lock_; // the folder itself, locked until it has its name
};

/// `backup.json`: what makes a folder a backup.
struct BackupDescription {
    int data_version = 0;
    std::string program; ///< the version of the program that made it
    Timestamp made_at{};
    std::string database_digest; ///< of its berth.db
    std::uint64_t blobs = 0;     ///< files in it
    std::uint64_t bytes = 0;     ///< of them
};
Result<void> write_description(const std::filesystem::path& folder, const BackupDescription& description);
/// `not_found` with a message for people if the folder is no backup or not a whole one.
Result<BackupDescription> read_description(const std::filesystem::path& folder);

/// Copies a file and its permissions; it is synced by `WholeFolder::finish`. `not_found` if it is not there.
Result<std::uint64_t> copy_whole_file(const std::filesystem::path& from, const std::filesystem::path& to);
/// Copies what lies beside the database and the blobs: keys, certificates, bootstrap.json.
Result<void> copy_secrets(const std::filesystem::path& from, const std::filesystem::path& to);
/// `sha256:…` of a file.
Result<std::string> digest_of_file(const std::filesystem::path& file);

} // namespace berth::app
