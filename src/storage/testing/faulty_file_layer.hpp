#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

struct sqlite3_vfs;

namespace berth::storage {

/// SQLite's layer for files with faults put in: `SqliteOptions::file_layer = layer.name()`. It counts the calls that
/// change something on the disk; one of them can fail, files can be kept from growing.
/// Syncs are counted but not passed on: no test can tell, and they take most of its time. Thread-safe; must outlive the
/// databases that use it. <https://www.sqlite.org/vfs.html>
class FaultyFileLayer {
public:
    enum class Fault : std::uint8_t {
        io_error, ///< the call does nothing and fails
        torn,     ///< a write stores half of its bytes, then fails; other calls as above
        full,     ///< a write finds no room; other calls as above
    };

    FaultyFileLayer();
    ~FaultyFileLayer();
    FaultyFileLayer(const FaultyFileLayer&) = delete;
    FaultyFileLayer& operator=(const FaultyFileLayer&) = delete;

    const std::string& name() const noexcept { return name_; }
    /// The changing call with this number from now on (0 is the next) fails; below 0 none does.
    void fail_call(std::int64_t number, Fault fault);
    /// Whether the fault has happened.
    bool fired() const;
    /// Writes beyond this size of a file find no room.
    void limit_size(std::int64_t bytes);
    /// Syncs of files since the last time.
    int take_syncs();

    /// What the next changing call does; for the layer itself.
    enum class Outcome : std::uint8_t { pass, fail, half, no_room };
    Outcome next_call(std::int64_t end_of_write);
    void count_sync();
    sqlite3_vfs& below() const noexcept { return *below_; }

private:
    std::string name_;
    sqlite3_vfs* below_;
    std::unique_ptr<sqlite3_vfs> layer_;
    mutable std::mutex mutex_;
    std::int64_t countdown_ = -1;
    Fault fault_ = Fault::io_error;
    bool fired_ = false;
    std::int64_t size_limit_ = INT64_MAX;
    int syncs_ = 0;
};

} // namespace berth::storage
