#include "checking/testing/recording_file_layer.hpp"

#include "base/guid.hpp"

#include <sqlite3.h>

namespace berth::checking {
namespace {

// One open file; the file of the layer below lies directly behind it.
struct File {
    sqlite3_file base;
    RecordingFileLayer* layer;
    int number; // in the journal; -1: not written down
};

File& file_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
sqlite3_file* below(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(&file_of(file) + 1); }
const sqlite3_io_methods& methods(sqlite3_file* file) { return *below(file)->pMethods; }
DiskJournal& journal_of(sqlite3_file* file) { return file_of(file).layer->journal(); }

using OpenFolder = int (*)(const char*, int*);
OpenFolder real_open_folder = nullptr;
thread_local std::string opened_folder; // NOLINT(cert-err58-cpp)

// unix VFS: given the path of a file, opens the folder that it is in, to sync it.
int open_folder(const char* path, int* out) {
    opened_folder = std::filesystem::path(path).parent_path().string();
    return real_open_folder(path, out);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    return journal_of(file).atomically([&] {
        const int code = methods(file).xWrite(below(file), bytes, size, offset);
        if (code == SQLITE_OK) {
            journal_of(file).write(file_of(file).number, static_cast<std::uint64_t>(offset),
                                   std::span(static_cast<const std::byte*>(bytes), static_cast<std::size_t>(size)));
        }
        return code;
    });
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return journal_of(file).atomically([&] {
        const int code = methods(file).xTruncate(below(file), size);
        if (code == SQLITE_OK) journal_of(file).truncate(file_of(file).number, static_cast<std::uint64_t>(size));
        return code;
    });
}

int sync(sqlite3_file* file, int flags) {
    return journal_of(file).atomically([&] {
        opened_folder.clear();
        const int code = methods(file).xSync(below(file), flags);
        if (code != SQLITE_OK) return code;
        journal_of(file).sync(file_of(file).number);
        if (!opened_folder.empty()) journal_of(file).sync_folder(opened_folder);
        return code;
    });
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

RecordingFileLayer& layer_of(sqlite3_vfs* vfs) { return *static_cast<RecordingFileLayer*>(vfs->pAppData); }

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    file->pMethods = nullptr;
    RecordingFileLayer& layer = layer_of(vfs);
    return layer.journal().atomically([&] {
        const int code = layer.below().xOpen(&layer.below(), path, below(file), flags, out_flags);
        if (code != SQLITE_OK) return code;
        file_of(file).layer = &layer;
        file_of(file).number = -1;
        if (path != nullptr && (flags & SQLITE_OPEN_DELETEONCLOSE) == 0) {
            const int known = layer.journal().find(path);
            file_of(file).number = known >= 0 ? known : layer.journal().create(path);
        }
        file->pMethods = &file_methods;
        return code;
    });
}

int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    RecordingFileLayer& layer = layer_of(vfs);
    return layer.journal().atomically([&] {
        opened_folder.clear();
        const int code = layer.below().xDelete(&layer.below(), path, sync_folder);
        if (code != SQLITE_OK) return code;
        if (layer.journal().find(path) >= 0) layer.journal().remove(path);
        if (!opened_folder.empty()) layer.journal().sync_folder(opened_folder);
        return code;
    });
}

} // namespace

RecordingFileLayer::RecordingFileLayer(DiskJournal& journal)
    : name_("recording-" + Guid::random().value()), journal_(journal), below_(sqlite3_vfs_find(nullptr)),
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
    real_open_folder = reinterpret_cast<OpenFolder>(below_->xGetSystemCall(below_, "openDirectory"));
    below_->xSetSystemCall(below_, "openDirectory", reinterpret_cast<sqlite3_syscall_ptr>(open_folder));
}

RecordingFileLayer::~RecordingFileLayer() {
    below_->xSetSystemCall(below_, "openDirectory", nullptr);
    sqlite3_vfs_unregister(layer_.get());
}

} // namespace berth::checking
