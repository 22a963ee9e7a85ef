#include "checking/testing/disk_journal.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace berth::checking {
namespace {

using Kind = DiskChange::Kind;

constexpr std::size_t sector = 512;

std::pair<std::string, std::string> split(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return {"", path};
    return {path.substr(0, slash), path.substr(slash + 1)};
}

void put(Bytes& file, std::uint64_t offset, std::span<const std::byte> bytes) {
    if (file.size() < offset + bytes.size()) file.resize(offset + bytes.size());
    std::ranges::copy(bytes, file.begin() + static_cast<std::ptrdiff_t>(offset));
}

void apply_to(Bytes& file, const DiskChange& change) {
    if (change.kind == Kind::truncate) {
        file.resize(change.offset);
    } else {
        put(file, change.offset, change.bytes);
    }
}

bool chance(std::mt19937_64& random) { return (random() & 1U) != 0; }

} // namespace

std::string DiskJournal::relative(const std::string& path) const {
    const std::string out = std::filesystem::path(path).lexically_relative(root_).string();
    if (out.starts_with("..")) {
        std::fprintf(stderr, "%s lies outside the journal's folder\n", path.c_str());
        std::abort();
    }
    return out == "." ? "" : out;
}

int DiskJournal::find(const std::string& path) const {
    const auto found = files_.find(relative(path));
    return found == files_.end() ? -1 : found->second;
}

int DiskJournal::create(const std::string& path) {
    const int file = static_cast<int>(first_names_.size());
    first_names_.push_back(relative(path));
    files_[relative(path)] = file;
    changes_.push_back({.kind = Kind::create, .file = file, .path = relative(path)});
    return file;
}

void DiskJournal::make_folder(const std::string& path) {
    changes_.push_back({.kind = Kind::make_folder, .path = relative(path)});
}

void DiskJournal::rename(const std::string& from, const std::string& to) {
    const auto found = files_.find(relative(from));
    const int file = found == files_.end() ? -1 : found->second;
    files_.erase(relative(from));
    files_[relative(to)] = file;
    changes_.push_back({.kind = Kind::rename, .file = file, .path = relative(from), .to = relative(to)});
}

void DiskJournal::remove(const std::string& path) {
    files_.erase(relative(path));
    changes_.push_back({.kind = Kind::remove, .path = relative(path)});
}

void DiskJournal::write(int file, std::uint64_t offset, std::span<const std::byte> bytes) {
    if (file < 0) return;
    changes_.push_back({.kind = Kind::write,
                        .file = file,
                        .path = first_names_[static_cast<std::size_t>(file)],
                        .offset = offset,
                        .bytes = Bytes(bytes.begin(), bytes.end())});
}

void DiskJournal::truncate(int file, std::uint64_t size) {
    if (file < 0) return;
    changes_.push_back(
        {.kind = Kind::truncate, .file = file, .path = first_names_[static_cast<std::size_t>(file)], .offset = size});
}

void DiskJournal::sync(int file) {
    if (file < 0) return;
    changes_.push_back({.kind = Kind::sync, .file = file, .path = first_names_[static_cast<std::size_t>(file)]});
}

void DiskJournal::sync_folder(const std::string& path) {
    changes_.push_back({.kind = Kind::sync_folder, .path = relative(path)});
}

std::size_t DiskJournal::size() const {
    const std::lock_guard lock(mutex_);
    return changes_.size();
}

ReplayedDisk::Entry ReplayedDisk::current(const std::string& path) const {
    const auto found = now_.find(path);
    return found == now_.end() ? Entry{} : found->second;
}

void ReplayedDisk::apply(const DiskChange& change) {
    const auto [folder, name] = split(change.path);
    switch (change.kind) {
    case Kind::create:
        files_[change.file];
        now_[change.path] = {change.file};
        folders_[folder].pending.push_back({{name, Entry{change.file}}});
        break;
    case Kind::make_folder:
        folders_[change.path];
        folders_[folder].pending.push_back({{name, Entry{}}});
        break;
    case Kind::rename: {
        const Entry entry = current(change.path);
        now_.erase(change.path);
        now_[change.to] = entry;
        const auto [to_folder, to_name] = split(change.to);
        if (to_folder == folder) {
            folders_[folder].pending.push_back({{name, std::nullopt}, {to_name, entry}});
        } else {
            // Two folders reach the disk each for itself.
            folders_[folder].pending.push_back({{name, std::nullopt}});
            folders_[to_folder].pending.push_back({{to_name, entry}});
        }
        break;
    }
    case Kind::remove:
        now_.erase(change.path);
        folders_[folder].pending.push_back({{name, std::nullopt}});
        break;
    case Kind::write:
    case Kind::truncate: files_[change.file].pending.push_back(&change); break;
    case Kind::sync: {
        if (obeys_ && !obeys_(change)) break;
        File& file = files_[change.file];
        for (const DiskChange* pending : file.pending) apply_to(file.durable, *pending);
        file.pending.clear();
        break;
    }
    case Kind::sync_folder: {
        if (obeys_ && !obeys_(change)) break;
        Folder& synced = folders_[change.path];
        for (const EntryChange& pending : synced.pending) {
            for (const auto& [entry, is] : pending) {
                if (is) {
                    synced.durable[entry] = *is;
                } else {
                    synced.durable.erase(entry);
                }
            }
        }
        synced.pending.clear();
        break;
    }
    }
}

Bytes ReplayedDisk::survivor(const File& file, Survival survival, std::mt19937_64& random) const {
    Bytes out = file.durable;
    if (survival == Survival::nothing || survival == Survival::entries_only) return out;
    for (const DiskChange* change : file.pending) {
        if (survival != Survival::by_chance) {
            apply_to(out, *change);
        } else if (change->kind == Kind::truncate || change->bytes.size() <= sector || random() % 4 != 0) {
            if (chance(random)) apply_to(out, *change);
        } else {
            const std::span<const std::byte> bytes(change->bytes);
            for (std::size_t at = 0; at < bytes.size(); at += sector) {
                if (chance(random)) put(out, change->offset + at, bytes.subspan(at, std::min(sector, bytes.size() - at)));
            }
        }
    }
    return out;
}

void ReplayedDisk::cut_power(const std::filesystem::path& folder, Survival survival, std::mt19937_64& random) const {
    const auto write_folder = [&](const auto& self, const std::string& path) -> void {
        const auto found = folders_.find(path);
        if (found == folders_.end()) return;
        auto entries = found->second.durable;
        for (const EntryChange& change : found->second.pending) {
            const bool survives = survival == Survival::everything || survival == Survival::entries_only ||
                                  (survival == Survival::by_chance && chance(random));
            if (!survives) continue;
            for (const auto& [name, is] : change) {
                if (is) {
                    entries[name] = *is;
                } else {
                    entries.erase(name);
                }
            }
        }
        for (const auto& [name, entry] : entries) {
            const std::string below = path.empty() ? name : path + '/' + name;
            if (entry.file < 0) {
                std::filesystem::create_directory(folder / below);
                self(self, below);
                continue;
            }
            const Bytes bytes = survivor(files_.at(entry.file), survival, random);
            std::ofstream out(folder / below, std::ios::binary);
            out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        }
    };
    write_folder(write_folder, "");
}

} // namespace berth::checking
