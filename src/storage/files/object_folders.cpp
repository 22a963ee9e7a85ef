#include "storage/files/object_folders.hpp"

#include <cerrno>
#include <charconv>

namespace berth::storage {
namespace {

// Which of the 256 folders the first two digits of `name` name.
std::size_t number_of(std::string_view name) {
    unsigned number = 0;
    std::from_chars(name.data(), name.data() + 2, number, 16);
    return number;
}

} // namespace

SystemResult<void> ObjectFolders::open() {
    if (const auto made = files_.make_folder(blobs_); !made && made.error() != EEXIST) return made;
    const auto names = files_.list(blobs_);
    if (!names) return std::unexpected(names.error());
    // One sync for all: some may have been made just before the last process died.
    if (auto synced = files_.sync_folder(blobs_); !synced) return synced;
    for (const auto& name : *names) {
        if (name.size() == 2 && name.find_first_not_of("0123456789abcdef") == std::string::npos) {
            durable_[number_of(name)] = true;
        }
    }
    return {};
}

SystemResult<void> ObjectFolders::prepare(const Guid& key) {
    auto& durable = durable_[number_of(key.value())];
    if (durable) return {};
    const std::lock_guard lock(making_);
    if (durable) return {};
    if (const auto made = files_.make_folder(folder(key)); !made && made.error() != EEXIST) return made;
    if (auto synced = files_.sync_folder(blobs_); !synced) return synced;
    durable = true;
    return {};
}

} // namespace berth::storage
