#include "app/backup_folder.hpp"

#include "base/durable_file.hpp"
#include "base/encoding.hpp"
#include "base/hasher.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

namespace berth::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view description_name = "backup.json";

std::unexpected<Error> system_failure(const fs::path& path, std::string_view what, int error) {
    const ErrorCode code = error == ENOSPC || error == EDQUOT                    ? ErrorCode::storage_full
                           : error == EROFS || error == EACCES || error == EPERM ? ErrorCode::storage_read_only
                           : error == ENOENT                                     ? ErrorCode::not_found
                                                                                 : ErrorCode::internal;
    return failure(code, fmt::format("'{}' {}: {}.", path.string(), what, std::strerror(error)));
}

Result<void> sync_folder(const fs::path& path) {
    const FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0) return system_failure(path, "could not be synced", errno);
    return {};
}

Result<void> check_name_is_free(const fs::path& path) {
    std::error_code error;
    if (fs::exists(fs::symlink_status(path, error)) && !(fs::is_directory(path, error) && fs::is_empty(path, error))) {
        return failure(ErrorCode::conflict, fmt::format("'{}' is there already. Choose a new name.", path.string()));
    }
    return {};
}

// Makes the folder if it is not there and locks the folder itself, which goes with it to its new name.
Result<FileDescriptor> make_and_lock(const fs::path& path) {
    const auto filled_by_another = [&] {
        return failure(ErrorCode::conflict,
                       fmt::format("Another process is filling '{}'. Wait until it has ended.", path.string()));
    };
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_failure(path, "could not be made", errno);
    FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder && errno == ENOENT) return filled_by_another(); // it got its name just now
    if (!folder) return system_failure(path, "could not be made", errno);
    if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return filled_by_another();
        return system_failure(path, "could not be locked", errno);
    }
    // Its holder may have ended just before, and given it its name or removed it.
    struct stat locked{};
    struct stat named{};
    if (::fstat(folder.get(), &locked) != 0) return system_failure(path, "could not be locked", errno);
    if (::lstat(path.c_str(), &named) != 0 || locked.st_dev != named.st_dev || locked.st_ino != named.st_ino) {
        return filled_by_another();
    }
    return folder;
}

} // namespace

Result<WholeFolder> WholeFolder::begin(const fs::path& given) {
    std::error_code error;
    fs::path path = fs::absolute(given, error).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    if (!fs::is_directory(path.parent_path(), error)) {
        return failure(ErrorCode::not_found, fmt::format("The folder '{}' is not there.", path.parent_path().string()));
    }
    if (auto checked = check_name_is_free(path); !checked) return failure(std::move(checked));
    const fs::path filling = path.string() + ".incomplete";
    auto lock = make_and_lock(filling);
    if (!lock) return failure(std::move(lock));
    WholeFolder out(path, filling, std::move(*lock));
    for (const auto& entry : fs::directory_iterator(filling, error)) fs::remove_all(entry.path(), error);
    if (error) return failure(ErrorCode::internal, fmt::format("'{}' could not be emptied.", filling.string()));
    // Another may have finished between the check above and our lock.
    if (auto checked = check_name_is_free(path); !checked) return failure(std::move(checked));
    return out;
}

WholeFolder::~WholeFolder() {
    if (!lock_) return;
    std::error_code ignored;
    fs::remove_all(filling_, ignored);
}

Result<void> WholeFolder::finish() {
    if (::syncfs(lock_.get()) != 0) return system_failure(filling_, "could not be synced", errno);
    // An empty folder may stand there; one that got something meanwhile makes this fail.
    if (std::rename(filling_.c_str(), path_.c_str()) != 0) return system_failure(path_, "could not get its name", errno);
    lock_.reset();
    return sync_folder(path_.parent_path());
}

Result<void> write_description(const fs::path& folder, const BackupDescription& description) {
    const boost::json::object document{{"berthBackup", 1},
                                       {"dataVersion", description.data_version},
                                       {"program", description.program},
                                       {"madeAt", to_rfc3339(description.made_at)},
                                       {"databaseDigest", description.database_digest},
                                       {"blobs", description.blobs},
                                       {"bytes", description.bytes}};
    return write_durably(folder / description_name, boost::json::serialize(document) + "\n", 0600);
}

Result<BackupDescription> read_description(const fs::path& folder) {
    std::ifstream in(folder / description_name);
    if (!in) {
        const bool incomplete = folder.filename().string().ends_with(".incomplete");
        return failure(ErrorCode::not_found,
                       incomplete ? fmt::format("'{}' is what an interrupted backup left. Take a whole one.", folder.string())
                                  : fmt::format("'{}' is no backup: it has no {}. Name a folder that 'berth backup' made.",
                                                folder.string(), description_name));
    }
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const auto damaged = [&] {
        return failure(ErrorCode::conflict,
                       fmt::format("'{}' is damaged, or was written by a newer berth.", (folder / description_name).string()));
    };
    boost::system::error_code error;
    const auto document = boost::json::parse(text, error);
    const auto* object = error ? nullptr : document.if_object();
    if (object == nullptr) return damaged();
    const auto integer = [&](std::string_view name) -> std::int64_t {
        const auto* value = object->if_contains(name);
        return value != nullptr && value->is_int64() ? value->get_int64() : -1;
    };
    const auto words = [&](std::string_view name) -> std::string {
        const auto* value = object->if_contains(name);
        return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
    };
    const auto made_at = parse_rfc3339(words("madeAt"));
    BackupDescription out{.data_version = static_cast<int>(integer("dataVersion")),
                          .program = words("program"),
                          .made_at = made_at.value_or(Timestamp{}),
                          .database_digest = words("databaseDigest"),
                          .blobs = static_cast<std::uint64_t>(integer("blobs")),
                          .bytes = static_cast<std::uint64_t>(integer("bytes"))};
    if (integer("berthBackup") != 1 || out.data_version < 1 || !made_at || out.database_digest.empty() ||
        integer("blobs") < 0 || integer("bytes") < 0) {
        return damaged();
    }
    return out;
}

Result<std::uint64_t> copy_whole_file(const fs::path& from, const fs::path& to) {
    const FileDescriptor in(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!in) return system_failure(from, "could not be read", errno);
    struct stat status{};
    if (::fstat(in.get(), &status) != 0) return system_failure(from, "could not be read", errno);
    const FileDescriptor out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status.st_mode & 0700));
    if (!out) return system_failure(to, "could not be written", errno);
    static_cast<void>(::posix_fadvise(in.get(), 0, 0, POSIX_FADV_SEQUENTIAL));
    std::string buffer(256 * 1024, '\0');
    std::uint64_t copied = 0;
    while (true) {
        const ssize_t got = ::read(in.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_failure(from, "could not be read", errno);
        if (got == 0) return copied;
        for (std::string_view rest(buffer.data(), static_cast<std::size_t>(got)); !rest.empty();) {
            const ssize_t put = ::write(out.get(), rest.data(), rest.size());
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return system_failure(to, "could not be written", errno);
            rest.remove_prefix(static_cast<std::size_t>(put));
        }
        copied += static_cast<std::uint64_t>(got);
    }
}

Result<void> copy_secrets(const fs::path& from, const fs::path& to) {
    std::error_code error;
    for (const char* folder : {"keys", "tls"}) {
        if (!fs::is_directory(from / folder, error)) continue;
        if (::mkdir((to / folder).c_str(), 0700) != 0) return system_failure(to / folder, "could not be made", errno);
        for (const auto& entry : fs::directory_iterator(from / folder, error)) {
            if (!entry.is_regular_file(error)) continue;
            auto copied = copy_whole_file(entry.path(), to / folder / entry.path().filename());
            if (!copied) return failure(std::move(copied));
        }
    }
    auto copied = copy_whole_file(from / "bootstrap.json", to / "bootstrap.json");
    if (!copied && copied.error().code != ErrorCode::not_found) return failure(std::move(copied));
    return {};
}

Result<std::string> digest_of_file(const fs::path& file) {
    const FileDescriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in) return system_failure(file, "could not be read", errno);
    Hasher hasher(DigestAlgorithm::sha256);
    std::string buffer(256 * 1024, '\0');
    while (true) {
        const ssize_t got = ::read(in.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_failure(file, "could not be read", errno);
        if (got == 0) return hasher.digest().to_string();
        hasher.update(as_bytes(std::string_view(buffer.data(), static_cast<std::size_t>(got))));
    }
}

} // namespace berth::app
