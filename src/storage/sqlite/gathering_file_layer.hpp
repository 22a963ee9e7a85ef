#pragma once

#include <memory>
#include <string>

struct sqlite3_vfs;

namespace berth::storage {

/// SQLite's layer for files for a connection that writes: what it appends to the write-ahead log reaches the system in few
/// large writes. SQLite itself makes two of each page, and a commit of ten pages spends more time on them than on all
/// else but the sync. Nothing else changes: a commit is written and synced before others can see it, which holds because
/// it ends with a sync (`synchronous = full`); what a write could not do, the sync tells.
/// Must outlive the connection. <https://www.sqlite.org/vfs.html>
class GatheringFileLayer {
public:
    /// Above the layer of that name; empty is SQLite's default.
    explicit GatheringFileLayer(const std::string& below);
    ~GatheringFileLayer();
    GatheringFileLayer(const GatheringFileLayer&) = delete;
    GatheringFileLayer& operator=(const GatheringFileLayer&) = delete;

    /// For sqlite3_open_v2.
    const std::string& name() const noexcept { return name_; }

private:
    std::string name_;
    std::unique_ptr<sqlite3_vfs> layer_;
};

} // namespace berth::storage
