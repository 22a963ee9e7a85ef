#include "storage/sqlite/gathering_file_layer.hpp"

#include "base/guid.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <vector>

namespace berth::storage {
namespace {

// A commit of more goes in several writes. SQLite's layer for Unix takes less than 128 KiB at once.
constexpr std::size_t most_gathered = 120UZ * 1024;

// The write-ahead log; the file of the layer below lies directly behind it.
struct LogFile {
    sqlite3_file base{};
    std::vector<std::byte> gathered; // bytes that were written and the system has not got
    sqlite3_int64 begin = 0;         // where they belong
};

LogFile& log_of(sqlite3_file* file) { return *reinterpret_cast<LogFile*>(file); }
sqlite3_file* below(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(&log_of(file) + 1); }
const sqlite3_io_methods& methods(sqlite3_file* file) { return *below(file)->pMethods; }

int write_out(sqlite3_file* file) {
    LogFile& log = log_of(file);
    if (log.gathered.empty()) return SQLITE_OK;
    const int code = methods(file).xWrite(below(file), log.gathered.data(), static_cast<int>(log.gathered.size()), log.begin);
    // After a failure, too: the transaction ends with it, and its pages must not appear later.
    log.gathered.clear();
    return code;
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    LogFile& log = log_of(file);
    const auto count = static_cast<std::size_t>(size);
    const bool follows = offset == log.begin + static_cast<sqlite3_int64>(log.gathered.size());
    if (!follows || log.gathered.size() + count > most_gathered) {
        if (const int code = write_out(file); code != SQLITE_OK) return code;
    }
    if (log.gathered.empty()) log.begin = offset;
    try {
        const auto* first = static_cast<const std::byte*>(bytes);
        log.gathered.insert(log.gathered.end(), first, first + count);
    } catch (const std::bad_alloc&) {
        return SQLITE_IOERR_NOMEM;
    }
    return SQLITE_OK;
}

int read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
    const int code = write_out(file); // a large transaction reads its own pages
    return code == SQLITE_OK ? methods(file).xRead(below(file), out, size, offset) : code;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const int code = write_out(file);
    return code == SQLITE_OK ? methods(file).xTruncate(below(file), size) : code;
}

int sync(sqlite3_file* file, int flags) {
    const int code = write_out(file);
    return code == SQLITE_OK ? methods(file).xSync(below(file), flags) : code;
}

int size_of(sqlite3_file* file, sqlite3_int64* size) {
    const int code = write_out(file);
    return code == SQLITE_OK ? methods(file).xFileSize(below(file), size) : code;
}

int close(sqlite3_file* file) {
    static_cast<void>(write_out(file)); // of a transaction that was rolled back: nobody misses it
    const int code = methods(file).xClose(below(file));
    log_of(file).~LogFile();
    return code;
}

// Version 1: a log is neither locked nor mapped nor shared.
const sqlite3_io_methods log_methods = {
    .iVersion = 1,
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = size_of,
    .xLock = [](sqlite3_file* f, int lock) { return methods(f).xLock(below(f), lock); },
    .xUnlock = [](sqlite3_file* f, int lock) { return methods(f).xUnlock(below(f), lock); },
    .xCheckReservedLock = [](sqlite3_file* f, int* out) { return methods(f).xCheckReservedLock(below(f), out); },
    .xFileControl = [](sqlite3_file* f, int op, void* out) { return methods(f).xFileControl(below(f), op, out); },
    .xSectorSize = [](sqlite3_file* f) { return methods(f).xSectorSize(below(f)); },
    .xDeviceCharacteristics = [](sqlite3_file* f) { return methods(f).xDeviceCharacteristics(below(f)); },
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

// The layers below find their own settings in `pAppData`: what goes to them, goes with themselves.
sqlite3_vfs& below(sqlite3_vfs* layer) { return *static_cast<sqlite3_vfs*>(layer->pAppData); }

int open(sqlite3_vfs* layer, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    sqlite3_vfs& real = below(layer);
    if ((flags & SQLITE_OPEN_WAL) == 0) return real.xOpen(&real, path, file, flags, out_flags);
    auto* const log = new (file) LogFile;
    const int code = real.xOpen(&real, path, below(file), flags, out_flags);
    if (code == SQLITE_OK) {
        log->base.pMethods = &log_methods;
    } else {
        log->~LogFile();
        file->pMethods = nullptr; // SQLite closes it otherwise
    }
    return code;
}

} // namespace

GatheringFileLayer::GatheringFileLayer(const std::string& below_name) : name_("berth-" + Guid::random().value()) {
    sqlite3_vfs* const real = sqlite3_vfs_find(below_name.empty() ? nullptr : below_name.c_str());
    if (real == nullptr) return; // opening by a name that nobody has fails and says so
    layer_ = std::make_unique<sqlite3_vfs>(*real);
    layer_->iVersion = std::min(real->iVersion, 2);
    layer_->szOsFile = static_cast<int>(sizeof(LogFile)) + real->szOsFile;
    layer_->pNext = nullptr;
    layer_->zName = name_.c_str();
    layer_->pAppData = real;
    layer_->xOpen = open;
    layer_->xDelete = [](sqlite3_vfs* layer, const char* path, int sync_folder) {
        return below(layer).xDelete(&below(layer), path, sync_folder);
    };
    layer_->xAccess = [](sqlite3_vfs* layer, const char* path, int flags, int* out) {
        return below(layer).xAccess(&below(layer), path, flags, out);
    };
    layer_->xFullPathname = [](sqlite3_vfs* layer, const char* path, int size, char* out) {
        return below(layer).xFullPathname(&below(layer), path, size, out);
    };
    sqlite3_vfs_register(layer_.get(), 0);
}

GatheringFileLayer::~GatheringFileLayer() {
    if (layer_) sqlite3_vfs_unregister(layer_.get());
}

} // namespace berth::storage
