#pragma once

#include "checking/testing/disk_journal.hpp"

#include <memory>
#include <string>

struct sqlite3_vfs;

namespace berth::checking {

/// SQLite's layer for files, with every change written down in a journal: `SqliteOptions::file_layer = layer.name()`.
/// Which folders SQLite syncs is seen by the system call with which it opens them. The log's shared index (`-shm`) is not
/// written down: SQLite makes it anew. One at a time; must outlive the databases that use it.
/// <https://www.sqlite.org/vfs.html>
class RecordingFileLayer {
public:
    explicit RecordingFileLayer(DiskJournal& journal);
    ~RecordingFileLayer();
    RecordingFileLayer(const RecordingFileLayer&) = delete;
    RecordingFileLayer& operator=(const RecordingFileLayer&) = delete;

    const std::string& name() const noexcept { return name_; }
    DiskJournal& journal() const noexcept { return journal_; }
    sqlite3_vfs& below() const noexcept { return *below_; }

private:
    std::string name_;
    DiskJournal& journal_;
    sqlite3_vfs* below_;
    std::unique_ptr<sqlite3_vfs> layer_;
};

} // namespace berth::checking
