#include "storage/testing/faulty_file_layer.hpp"

#include "base/guid.hpp"

#include <sqlite3.h>

#include <utility>

namespace berth::storage {
namespace {

// One open file; the file of the layer below lies directly behind it.
struct File {
    sqlite3_file base;
    FaultyFileLayer* layer;
};

File& file_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
sqlite3_file* below(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(&file_of(file) + 1); }
const sqlite3_io_methods& methods(sqlite3_file* file) { return *below(file)->pMethods; }

using Outcome = FaultyFileLayer::Outcome;

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    switch (file_of(file).layer->next_call(offset + size)) {
    case Outcome::fail: return SQLITE_IOERR_WRITE;
    case Outcome::no_room: return SQLITE_FULL;
    case Outcome::half: methods(file).xWrite(below(file), bytes, size / 2, offset); return SQLITE_IOERR_WRITE;
    case Outcome::pass: break;
    }
    return methods(file).xWrite(below(file), bytes, size, offset);
}

int sync(sqlite3_file* file, int) {
    file_of(file).layer->count_sync();
    return file_of(file).layer->next_call(0) == Outcome::pass ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (file_of(file).layer->next_call(0) != Outcome::pass) return SQLITE_IOERR_TRUNCATE;
    return methods(file).xTruncate(below(file), size);
}

const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = [](sqlite3_file* f) { return methods(f).xClose(below(f)); },
    .xRead = [](sqlite3_file* f, void* out, int n, sqlite3_int64 at) { return methods(f).xRead(below(f), out, n, at); },
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return methods(f).xFileSize(below(f), size); },
    .xLock = [](sqlite3_file* f, int lock) { return methods(f).xLock(below(f), lock); },
    .xUnlock = [](sqlite3_file* f, int lock) { return methods(f).xUnlock(below(f), lock); },
    .xCheckReservedLock = [](sqlite3_file* f, int* out) { return methods(f).xCheckReservedLock(below(f), out); },
    .xFileControl = [](sqlite3_file* f, int op, void* out) { return methods(f).xFileControl(below(f), op, out); },
    .xSectorSize = [](sqlite3_file* f) { return methods(f).xSectorSize(below(f)); },
    .xDeviceCharacteristics = [](sqlite3_file* f) { return methods(f).xDeviceCharacteristics(below(f)); },
    .xShmMap = [](sqlite3_file* f, int page, int size, int extend,
                  volatile void** out) { return methods(f).xShmMap(below(f), page, size, extend, out); },
    .xShmLock = [](sqlite3_file* f, int at, int n, int flags) { return methods(f).xShmLock(below(f), at, n, flags); },
    .xShmBarrier = [](sqlite3_file* f) { methods(f).xShmBarrier(below(f)); },
    .xShmUnmap = [](sqlite3_file* f, int remove) { return methods(f).xShmUnmap(below(f), remove); },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

FaultyFileLayer& layer_of(sqlite3_vfs* vfs) { return *static_cast<FaultyFileLayer*>(vfs->pAppData); }

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    file->pMethods = nullptr;
    auto& below_vfs = layer_of(vfs).below();
    const int code = below_vfs.xOpen(&below_vfs, path, below(file), flags, out_flags);
    if (code == SQLITE_OK) {
        file_of(file).layer = &layer_of(vfs);
        file->pMethods = &file_methods;
    }
    return code;
}

int remove(sqlite3_vfs* vfs, const char* path, int) {
    if (layer_of(vfs).next_call(0) != Outcome::pass) return SQLITE_IOERR_DELETE;
    auto& below_vfs = layer_of(vfs).below();
    return below_vfs.xDelete(&below_vfs, path, 0);
}

} // namespace

FaultyFileLayer::FaultyFileLayer()
    : name_("faulty-" + Guid::random().value()), below_(sqlite3_vfs_find(nullptr)),
      layer_(std::make_unique<sqlite3_vfs>(*below_)) {
    layer_->iVersion = 1;
    layer_->szOsFile = static_cast<int>(sizeof(File)) + below_->szOsFile;
    layer_->pNext = nullptr;
    layer_->zName = name_.c_str();
    layer_->pAppData = this;
    layer_->xOpen = open;
    layer_->xDelete = remove;
    // The unix layer finds its own settings in `pAppData`; what is not replaced must go to it.
    layer_->xAccess = [](sqlite3_vfs* vfs, const char* path, int flags, int* out) {
        auto& real = layer_of(vfs).below();
        return real.xAccess(&real, path, flags, out);
    };
    layer_->xFullPathname = [](sqlite3_vfs* vfs, const char* path, int size, char* out) {
        auto& real = layer_of(vfs).below();
        return real.xFullPathname(&real, path, size, out);
    };
    sqlite3_vfs_register(layer_.get(), 0);
}

FaultyFileLayer::~FaultyFileLayer() { sqlite3_vfs_unregister(layer_.get()); }

void FaultyFileLayer::fail_call(std::int64_t number, Fault fault) {
    const std::lock_guard lock(mutex_);
    countdown_ = number;
    fault_ = fault;
    fired_ = false;
}

bool FaultyFileLayer::fired() const {
    const std::lock_guard lock(mutex_);
    return fired_;
}

void FaultyFileLayer::limit_size(std::int64_t bytes) {
    const std::lock_guard lock(mutex_);
    size_limit_ = bytes;
}

int FaultyFileLayer::take_syncs() {
    const std::lock_guard lock(mutex_);
    return std::exchange(syncs_, 0);
}

void FaultyFileLayer::count_sync() {
    const std::lock_guard lock(mutex_);
    ++syncs_;
}

FaultyFileLayer::Outcome FaultyFileLayer::next_call(std::int64_t end_of_write) {
    const std::lock_guard lock(mutex_);
    if (end_of_write > size_limit_) return Outcome::no_room;
    if (countdown_ < 0 || countdown_-- > 0) return Outcome::pass;
    fired_ = true;
    switch (fault_) {
    case Fault::torn: return Outcome::half;
    case Fault::full: return Outcome::no_room;
    default: return Outcome::fail;
    }
}

} // namespace berth::storage
