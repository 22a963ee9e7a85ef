#pragma once

#include "base/guid.hpp"
#include "storage/file_system.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <string>

namespace berth::storage {

/// The folders `<blobs>/<two hex digits>` in which objects lie, made when the first object comes. Thread-safe.
class ObjectFolders {
public:
    ObjectFolders(FileSystem& files, std::string blobs) : files_(files), blobs_(std::move(blobs)) {}

    /// Makes `blobs` itself, durable in the folder above it, and learns what is there.
    SystemResult<void> open();
    /// Sees to it that the folder of that object is there and durable.
    SystemResult<void> prepare(const Guid& key);

    std::string folder(const Guid& key) const { return blobs_ + '/' + key.value().substr(0, 2); }
    std::string path(const Guid& key) const { return folder(key) + '/' + key.value(); }

private:
    FileSystem& files_;
    std::string blobs_;
    std::mutex making_;
    std::array<std::atomic<bool>, 256> durable_{};
};

} // namespace berth::storage
