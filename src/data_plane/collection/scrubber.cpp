#include "data_plane/collection/scrubber.hpp"

#include "base/encoding.hpp"
#include "base/hasher.hpp"
#include "data_plane/collection/content_check_store.hpp"
#include "data_plane/collection/quarantine_store.hpp"

#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace berth::data_plane {
namespace {

using storage::ReadKind;
using storage::Session;

constexpr std::size_t reading_step = 256 * 1024;
constexpr std::uint64_t page = 16; // small blobs and manifests come with their bytes
// What looking at one thing counts for besides its bytes, so that many small ones are limited too.
constexpr std::uint64_t bytes_per_item = 4096;
constexpr std::chrono::seconds between_saves{5};
constexpr std::chrono::minutes after_an_error{10};

struct Freed {
    void operator()(std::byte* bytes) const noexcept { std::free(bytes); }
};

// The same file once more, past the system's cache: what counts is on the disk, and what clients read stays in memory. File
// systems without that give the bytes they have.
FileDescriptor open_directly(int file) {
    const std::string path = fmt::format("/proc/self/fd/{}", file);
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT));
}

} // namespace

// One pass over everything, from where the last one stood.
class Scrubber::Round {
public:
    Round(Scrubber& scrubber, const std::stop_token& stop, ContentPosition position)
        : scrubber_(scrubber), stop_(stop), position_(std::move(position)),
          buffer_(static_cast<std::byte*>(std::aligned_alloc(4096, reading_step))), saved_(std::chrono::steady_clock::now()),
          due_(saved_) {}

    // False: it was stopped, and goes on from here the next time.
    Result<bool> run() {
        for (;;) {
            const auto list = [&](Session& session) { return list_content(session, position_, page); };
            auto items = sync_wait(scrubber_.database_.read(ReadKind::scan, list));
            if (!items) return failure(std::move(items));
            for (const StoredContent& item : *items) {
                auto done = check(item);
                if (!done) return failure(std::move(done));
                if (!*done) return save_and_stop();
                position_.repository = item.repository;
                position_.digest = item.digest;
            }
            if (items->empty()) {
                if (position_.part == ContentPosition::Part::manifests) break;
                position_.part = ContentPosition::Part::manifests;
                position_.repository = 0;
                position_.digest.reset();
            }
            if (std::chrono::steady_clock::now() - saved_ < between_saves) continue;
            if (auto saved = save(); !saved) return failure(std::move(saved));
        }
        position_.ended_at = scrubber_.clock_.now();
        const auto end = [&](Session& session) -> Result<void> {
            if (auto forgotten = forget_deleted_manifests(session); !forgotten) return forgotten;
            return save_position(session, position_);
        };
        if (auto ended = sync_wait(scrubber_.database_.write(end)); !ended) return failure(std::move(ended));
        return true;
    }

    Timestamp ended_at() const { return *position_.ended_at; }

private:
    Result<void> save() {
        saved_ = std::chrono::steady_clock::now();
        const auto write = [&](Session& session) { return save_position(session, position_); };
        return sync_wait(scrubber_.database_.write(write));
    }
    Result<bool> save_and_stop() {
        if (auto saved = save(); !saved) return failure(std::move(saved));
        return false;
    }

    // Waits until so many bytes may have been read; false when it is stopped.
    bool spend(std::uint64_t bytes) {
        scrubber_.bytes_.fetch_add(bytes, std::memory_order_relaxed);
        const auto now = std::chrono::steady_clock::now();
        if (due_ < now) due_ = now; // time in which nothing was read is not made up for
        due_ += std::chrono::nanoseconds(bytes * 1'000'000'000ULL / scrubber_.options_.bytes_per_second);
        std::unique_lock lock(scrubber_.mutex_);
        scrubber_.wake_.wait_until(lock, stop_, due_, [] { return false; });
        return !stop_.stop_requested();
    }

    // False when it is stopped.
    Result<bool> check(const StoredContent& item) {
        if (!spend(bytes_per_item)) return false;
        std::string wrong;
        if (item.key) {
            auto compared = compare_object(item, wrong);
            if (!compared || !*compared) return compared;
        } else {
            if (!spend(item.content.size())) return false;
            if (Digest::of(as_bytes(item.content), item.digest.algorithm()) != item.digest) {
                wrong = "its bytes in the database have another digest";
            }
        }
        scrubber_.checked_.fetch_add(1, std::memory_order_relaxed);
        if (wrong.empty()) return true;
        if (auto done = quarantine(item, wrong); !done) return failure(std::move(done));
        return true;
    }

    Result<bool> compare_object(const StoredContent& item, std::string& wrong) {
        auto object = sync_wait(scrubber_.blobs_.open(*item.key));
        if (!object) {
            if (object.error().code == ErrorCode::blob_unknown) {
                wrong = "its file is gone";
            } else {
                report_unreadable(item, object.error().message);
            }
            return true;
        }
        if (object->size != item.size) {
            wrong = fmt::format("its file has {} bytes instead of {}", object->size, item.size);
            return true;
        }
        FileDescriptor direct = open_directly(object->file->get());
        Hasher hasher(item.digest.algorithm());
        for (std::uint64_t offset = 0; offset < item.size;) {
            const int file = direct ? direct.get() : object->file->get();
            const ssize_t got = ::pread(file, buffer_.get(), reading_step, static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0 && errno == EINVAL && direct) {
                direct = {};
                continue;
            }
            if (got < 0) {
                report_unreadable(item, std::strerror(errno));
                return true;
            }
            if (got == 0) {
                wrong = fmt::format("its file ends after {} bytes of {}", offset, item.size);
                return true;
            }
            const auto part = std::span(buffer_.get(), static_cast<std::size_t>(got));
            hasher.update(part);
            offset += part.size();
            // Past the end of what could be read aligned: the rest comes through the cache.
            if (direct && offset < item.size && offset % 4096 != 0) direct = {};
            if (!spend(part.size())) return false;
        }
        if (hasher.digest() != item.digest) wrong = "the bytes of its file have another digest";
        return true;
    }

    static std::string name_of(const StoredContent& item) {
        return fmt::format("{} {}", item.repository != 0 ? "manifest" : "blob", item.digest.to_string());
    }

    void report_unreadable(const StoredContent& item, std::string_view why) {
        scrubber_.unreadable_.fetch_add(1, std::memory_order_relaxed);
        spdlog::error("scrubbing: the {} cannot be read: {} It stays as it is and is read again in the next round.",
                      name_of(item), why);
    }

    Result<void> quarantine(const StoredContent& item, const std::string& wrong) {
        const Timestamp now = scrubber_.clock_.now();
        const auto write = [&](Session& session) {
            return item.repository != 0 ? quarantine_manifest(session, item.repository, item.digest, wrong, now)
                                        : quarantine_blob(session, item.digest, item.key, wrong, now);
        };
        auto done = sync_wait(scrubber_.database_.write(write));
        if (!done) return failure(std::move(done));
        if (!*done) return {}; // deleted, or pushed anew, while it was read
        scrubber_.damaged_.fetch_add(1, std::memory_order_relaxed);
        scrubber_.quarantined_.fetch_add(1, std::memory_order_relaxed);
        spdlog::error("scrubbing: the {} is damaged: {}. It is quarantined and not served any more; push it again to heal it.",
                      name_of(item), wrong);
        return {};
    }

    Scrubber& scrubber_;
    const std::stop_token& stop_;
    ContentPosition position_;
    std::unique_ptr<std::byte, Freed> buffer_;
    std::chrono::steady_clock::time_point saved_;
    std::chrono::steady_clock::time_point due_;
};

Scrubber::Scrubber(storage::Database& database, storage::BlobStore& blobs, const Clock& clock, const ScrubberOptions& options)
    : database_(database), blobs_(blobs), clock_(clock), options_(options),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

Scrubber::~Scrubber() {
    thread_.request_stop();
    thread_.join();
}

ScrubCounts Scrubber::counts() const {
    return {.checked = checked_.load(std::memory_order_relaxed),
            .bytes = bytes_.load(std::memory_order_relaxed),
            .damaged = damaged_.load(std::memory_order_relaxed),
            .unreadable = unreadable_.load(std::memory_order_relaxed),
            .quarantined = quarantined_.load(std::memory_order_relaxed),
            .last_round = last_round_.load(std::memory_order_relaxed)};
}

Result<void> Scrubber::look_at_quarantine() {
    const auto count = [](Session& session) { return count_quarantined(session); };
    auto now = sync_wait(database_.read(ReadKind::scan, count));
    if (!now) return failure(std::move(now));
    quarantined_.store(static_cast<std::uint64_t>(*now), std::memory_order_relaxed);
    return {};
}

void Scrubber::work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        auto wait = run_round(stop);
        if (!wait) {
            spdlog::error("scrubbing stopped and will go on later: {}", wait.error().message);
            wait = after_an_error;
        }
        // Counted again now and then, since pushes heal what is quarantined.
        const auto pause = std::min<std::chrono::seconds>(*wait, std::chrono::minutes(1));
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, stop, pause, [] { return false; });
    }
}

Result<std::chrono::seconds> Scrubber::run_round(const std::stop_token& stop) {
    if (auto looked = look_at_quarantine(); !looked) return failure(std::move(looked));
    const auto load = [](Session& session) { return load_position(session); };
    auto position = sync_wait(database_.read(ReadKind::point, load));
    if (!position) return failure(std::move(position));

    const Timestamp now = clock_.now();
    if (*position && (*position)->ended_at) {
        last_round_.store(to_unix_seconds(*(*position)->ended_at), std::memory_order_relaxed);
        const auto due = *(*position)->ended_at + options_.interval;
        if (now < due) return std::chrono::ceil<std::chrono::seconds>(due - now);
    }
    const bool goes_on = *position && !(*position)->ended_at;
    ContentPosition from{.part = ContentPosition::Part::blobs,
                         .repository = 0,
                         .digest = std::nullopt,
                         .begun_at = now,
                         .ended_at = std::nullopt};
    Round round(*this, stop, goes_on ? std::move(**position) : std::move(from));
    const ScrubCounts before = counts();
    auto whole = round.run();
    if (!whole) return failure(std::move(whole));
    if (!*whole) return std::chrono::seconds(0);
    const ScrubCounts after = counts();
    last_round_.store(to_unix_seconds(round.ended_at()), std::memory_order_relaxed);
    if (after.checked > before.checked) {
        spdlog::info("scrubbing: compared {} blobs and manifests with their digests, {} were damaged",
                     after.checked - before.checked, after.damaged - before.damaged);
    }
    return std::max(options_.interval, std::chrono::seconds(1));
}

} // namespace berth::data_plane
