#pragma once

#include "app/backup_folder.hpp"
#include "base/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace berth::app {

struct BackupDone {
    BackupDescription description;
    std::filesystem::path folder;
    std::uint64_t linked = 0;         ///< of the blobs: files that source and backup share
    std::vector<std::string> missing; ///< blobs whose file is not there: the store is damaged
    bool served = false;              ///< a server was running on the data meanwhile
};
/// Makes a backup of a data folder: everything as it was at one moment, while a server goes on. Blobs are linked where source
/// and target are on one file system, unless `always_copy`; files of blobs never change. Until it has ended, no file of a blob
/// is removed from the source.
Result<BackupDone> make_backup(const std::filesystem::path& data, const std::filesystem::path& target, bool always_copy);

struct RestoreDone {
    BackupDescription description;
    std::filesystem::path folder;
    std::vector<std::string> damage;      ///< what `berth check` finds wrong, one sentence each
    std::vector<std::string> quarantined; ///< what had been found damaged before the backup was made, and is not served
};
/// Makes a data folder of a backup and checks all of it, each byte against its digest. `conflict` if something is wrong with
/// it, unless `despite_damage`: then the folder is made, and what is damaged is told.
Result<RestoreDone> restore_backup(const std::filesystem::path& source, const std::filesystem::path& folder,
                                   bool despite_damage);

} // namespace berth::app
