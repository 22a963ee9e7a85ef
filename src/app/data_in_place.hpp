#pragma once

#include "base/result.hpp"
#include "storage/data_folder.hpp"
#include "storage/database.hpp"

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace berth::app {

/// A data folder as the commands that work on it beside the server see it. Only its owner may, and only with data of just
/// this program's version: none of them brings it up to date.
struct DataInPlace {
    std::optional<storage::DataFolder> folder; ///< locked by us; nullopt while another process has it
    pid_t holder = 0;                          ///< that one; 0 if it is not known
    bool held_by_server = false;               ///< only then may `holder` be sent signals
    std::filesystem::path path;                ///< absolute
    std::unique_ptr<storage::Database> database;

    bool is_served() const noexcept { return held_by_server; }
};

/// Says in the lock file that its holder is a server, one that `SIGUSR1` tells to collect. For who holds `folder` and has
/// that signal blocked or handled.
void note_server(const storage::DataFolder& folder);

/// From here on this process ignores `SIGUSR1`, which would end it: berths of earlier versions send it to whoever holds a
/// data folder. For every command that locks one, before it does.
void ignore_collection_signal() noexcept;

/// Ignores `SIGUSR1` from here on. `not_found` for what is no data folder, `forbidden` for another user's (`command` is what
/// the right one should type), `conflict` for data of another version.
Result<DataInPlace> open_in_place(const std::filesystem::path& data, const std::string& command);

} // namespace berth::app
