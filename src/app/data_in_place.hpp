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
    std::optional<storage::DataFolder> folder; ///< locked by us; nullopt while a server has it
    pid_t server = 0;                          ///< that one
    std::filesystem::path path;                ///< absolute
    std::unique_ptr<storage::Database> database;

    bool is_served() const noexcept { return !folder; }
};

/// `not_found` for what is no data folder, `forbidden` for another user's (`command` is what the right one should type),
/// `conflict` for data of another version.
Result<DataInPlace> open_in_place(const std::filesystem::path& data, const std::string& command);

} // namespace berth::app
