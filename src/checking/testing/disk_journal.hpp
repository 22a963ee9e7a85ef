#pragma once

#include "base/encoding.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace berth::checking {

/// One change of a file or a folder, as the system was asked for it.
struct DiskChange {
    enum class Kind : std::uint8_t {
        create,      ///< `path` is the file `file` from now on
        make_folder, ///< `path`
        rename,      ///< `path` becomes `to`
        remove,      ///< `path`
        write,       ///< `bytes` at `offset` of `file`
        truncate,    ///< `file` to `offset` bytes
        sync,        ///< `file`
        sync_folder, ///< `path`
    };
    Kind kind;
    int file = -1;
    std::string path{}; ///< below the root of the journal; the root itself is empty. Of a file: what it was created as
    std::string to{};
    std::uint64_t offset = 0;
    Bytes bytes{};
};

/// Everything that happens to the files below one folder, in order, whoever does it. Thread-safe while it is written.
class DiskJournal {
public:
    explicit DiskJournal(std::filesystem::path root) : root_(std::move(root)) {}

    /// Runs a system call, and what notes it, with no other between them.
    template <class Call>
    auto atomically(Call call) {
        const std::lock_guard lock(mutex_);
        return call();
    }
    // For calls inside `atomically`; paths are whole ones.
    /// The number of the file at that path, or -1.
    int find(const std::string& path) const;
    int create(const std::string& path);
    void make_folder(const std::string& path);
    void rename(const std::string& from, const std::string& to);
    void remove(const std::string& path);
    void write(int file, std::uint64_t offset, std::span<const std::byte> bytes);
    void truncate(int file, std::uint64_t size);
    void sync(int file);
    void sync_folder(const std::string& path);

    /// How many changes there are so far.
    std::size_t size() const;
    const std::vector<DiskChange>& changes() const noexcept { return changes_; }

private:
    std::string relative(const std::string& path) const;

    std::filesystem::path root_;
    mutable std::mutex mutex_;
    std::vector<DiskChange> changes_;
    std::unordered_map<std::string, int> files_;
    std::vector<std::string> first_names_;
};

/// What a power cut leaves of what was not synced.
enum class Survival : std::uint8_t {
    nothing,      ///< of neither files nor folders
    everything,   ///< as if the process alone had died
    entries_only, ///< the names are there, the bytes are not
    bytes_only,   ///< the other way round
    by_chance,    ///< each change for itself, writes in parts of 512 bytes
};

/// A disk to which the changes of a journal happen one by one.
class ReplayedDisk {
public:
    /// Which syncs the disk does: one for which this is false it only claims to have done.
    using Obeys = std::function<bool(const DiskChange&)>;
    explicit ReplayedDisk(Obeys obeys = {}) : obeys_(std::move(obeys)) { folders_[""]; }

    void apply(const DiskChange& change);
    /// Writes into `folder` what is there after a power cut now.
    void cut_power(const std::filesystem::path& folder, Survival survival, std::mt19937_64& random) const;

private:
    struct Entry {
        int file = -1; ///< -1: a folder
    };
    // Names that change together: a rename inside one folder is one change.
    using EntryChange = std::vector<std::pair<std::string, std::optional<Entry>>>;
    struct Folder {
        std::map<std::string, Entry> durable;
        std::vector<EntryChange> pending;
    };
    struct File {
        Bytes durable;
        std::vector<const DiskChange*> pending;
    };

    Entry current(const std::string& path) const;
    Bytes survivor(const File& file, Survival survival, std::mt19937_64& random) const;

    Obeys obeys_;
    std::map<std::string, Folder> folders_;
    std::map<int, File> files_;
    std::map<std::string, Entry> now_; // what a running system sees
};

} // namespace berth::checking
