#include "app/data_in_place.hpp"

#include "base/file_descriptor.hpp"
#include "storage/migrations.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "storage/sqlite/sqlite_integrity.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

namespace berth::app {
namespace {

std::string user_name(uid_t user) {
    const passwd* entry = ::getpwuid(user);
    return entry != nullptr ? entry->pw_name : std::to_string(user);
}

// Files that another user, even root, made in the folder would keep its server from starting.
Result<void> check_owner(const std::filesystem::path& data, const std::string& command) {
    struct stat folder{};
    std::error_code ignored;
    const bool is_there = ::stat(data.c_str(), &folder) == 0 && S_ISDIR(folder.st_mode);
    if (is_there && folder.st_uid != ::geteuid()) {
        return failure(ErrorCode::forbidden, fmt::format("'{0}' belongs to the user {1}. Run 'sudo -u {1} {2}'.", data.string(),
                                                         user_name(folder.st_uid), command));
    }
    if (!is_there || !std::filesystem::exists(data / "berth.db", ignored)) {
        return failure(
            ErrorCode::not_found,
            fmt::format("'{}' holds no data of berth. Name the folder that 'berth serve --data' was given.", data.string()));
    }
    return {};
}

Result<void> check_version(const std::filesystem::path& database) {
    auto connection = storage::SqliteConnection::open(database.string(), {}, storage::SqliteConnection::Access::inspect);
    if (!connection) return failure(std::move(connection));
    const auto version = storage::read_data_version(**connection);
    if (!version) return std::unexpected(version.error());
    const int known = storage::migrations().back().version;
    if (*version == known) return {};
    return failure(ErrorCode::conflict,
                   fmt::format("The data folder has data version {}, this program knows {}. Use the program that serves it{}.",
                               *version, known, *version < known ? ", or start this one's 'berth serve' on it once" : ""));
}

// "123 server" or, of a command, "123".
void read_holder(const std::filesystem::path& lock, DataInPlace& out) {
    std::ifstream in(lock);
    std::string kind;
    if (!(in >> out.holder) || out.holder <= 0) {
        out.holder = 0;
        return;
    }
    out.held_by_server = in >> kind && kind == "server";
}

} // namespace

void note_server(const storage::DataFolder& folder) {
    const std::string text = fmt::format("{} server\n", ::getpid());
    const FileDescriptor lock(::open(folder.path_of("lock").c_str(), O_WRONLY | O_CLOEXEC));
    if (lock && ::pwrite(lock.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size())) return;
    spdlog::warn("the lock file could not be written: 'berth gc' will not find this server until it is started again");
}

void ignore_collection_signal() noexcept { std::signal(SIGUSR1, SIG_IGN); }

Result<DataInPlace> open_in_place(const std::filesystem::path& data, const std::string& command) {
    if (auto checked = check_owner(data, command); !checked) return failure(std::move(checked));
    DataInPlace out;
    std::error_code ignored;
    out.path = std::filesystem::canonical(data, ignored);
    ignore_collection_signal();
    auto folder = storage::DataFolder::open(data.string());
    if (folder) {
        out.folder.emplace(std::move(*folder));
    } else if (folder.error().code == ErrorCode::conflict) {
        read_holder(out.path / "lock", out);
    } else {
        return failure(std::move(folder));
    }
    if (auto checked = check_version(out.path / "berth.db"); !checked) return failure(std::move(checked));
    // A busy server lets others in between two of its commits only.
    storage::SqliteOptions options;
    options.scan_threads = 1;
    options.busy_timeout = std::chrono::minutes(1);
    auto database = storage::open_sqlite((out.path / "berth.db").string(), options);
    if (!database) return failure(std::move(database));
    out.database = std::move(*database);
    return out;
}

} // namespace berth::app
