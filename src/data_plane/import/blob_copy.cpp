#include "data_plane/import/blob_copy.hpp"

#include "base/encoding.hpp"
#include "data_plane/blob_commit.hpp"
#include "data_plane/blob_rows.hpp"
#include "data_plane/import/import_blob_rows.hpp"

#include <fmt/format.h>

#include <charconv>

namespace berth::data_plane {
namespace {

using outbound::CheckedResponse;
using storage::UploadWriter;

// How much a crash may cost: so many bytes are fetched again at most.
constexpr std::uint64_t checkpoint = 64ULL * 1024 * 1024;
// What a call has to bring, if it breaks, to count as progress.
constexpr std::uint64_t least_part = 64ULL * 1024;

std::unexpected<Error> lies_about_size(const PlannedBlob& blob, std::string_view what) {
    return failure(ErrorCode::size_invalid, fmt::format("The blob {} is {} at the source than the {} bytes that its manifest "
                                                        "says.",
                                                        blob.digest.to_string(), what, blob.size));
}

// The upload of this blob for this operation, by the same name in every run.
storage::UploadId upload_of(const Guid& operation, const Digest& digest) {
    const std::string name = operation.value() + digest.to_string();
    std::string hex = Digest::of(as_bytes(name)).hex().substr(0, 32);
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) hex.insert(dash, 1, '-');
    return *storage::UploadId::parse(hex);
}

// `bytes 100-199/200`: the first number.
std::optional<std::uint64_t> first_byte(std::string_view range) {
    constexpr std::string_view unit = "bytes ";
    if (!range.starts_with(unit)) return std::nullopt;
    range.remove_prefix(unit.size());
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(range.data(), range.data() + range.size(), out);
    if (error != std::errc{} || end == range.data() + range.size() || *end != '-') return std::nullopt;
    return out;
}

// Takes a blob: small ones in memory, others as an upload of the blob store.
class BlobSink final : public outbound::BodySink {
public:
    BlobSink(const BlobCopy& copy, const PlannedBlob& blob)
        : copy_(copy), blob_(blob), is_small_(blob.size <= most_small_blob_bytes), id_(upload_of(copy.operation, blob.digest)) {
    }

    Result<void> open() {
        if (is_small_ || writer_) return {};
        auto writer = sync_wait(copy_.blobs.open_upload(id_, blob_.digest.algorithm(), true));
        if (!writer) return failure(std::move(writer));
        writer_ = std::move(*writer);
        if (writer_->offset() > blob_.size) return begin_anew();
        copy_.copied_bytes += writer_->offset();
        return {};
    }

    std::uint64_t offset() const noexcept { return is_small_ ? small_.size() : writer_->offset(); }
    const std::string& small() const noexcept { return small_; }
    bool is_small() const noexcept { return is_small_; }
    UploadWriter& writer() noexcept { return *writer_; }

    Result<void> begin(const CheckedResponse& head) override {
        if (head.status == 206) {
            const auto first = first_byte(head.header("content-range").value_or(""));
            if (!first || *first != offset()) {
                return failure(ErrorCode::size_invalid, "The source answers with another range than was asked for.");
            }
        } else if (offset() > 0) {
            if (auto anew = begin_anew(); !anew) return anew;
        }
        return {};
    }

    Result<void> take(std::span<const std::byte> bytes) override {
        if (bytes.size() > blob_.size - offset()) return lies_about_size(blob_, "longer");
        copy_.copied_bytes += bytes.size();
        if (is_small_) {
            small_ += as_text(bytes);
            return {};
        }
        if (auto appended = sync_wait(writer_->append(bytes)); !appended) return appended;
        if (writer_->offset() - kept_ < checkpoint) return {};
        kept_ = writer_->offset();
        return keep(true);
    }

    // What has arrived survives the end of the process.
    Result<void> keep(bool go_on) {
        if (!writer_) return {};
        auto paused = sync_wait(writer_->pause());
        writer_.reset();
        if (!paused || !go_on) return paused;
        auto writer = sync_wait(copy_.blobs.open_upload(id_, blob_.digest.algorithm(), false));
        if (!writer) return failure(std::move(writer));
        writer_ = std::move(*writer);
        return {};
    }

    void discard() {
        copy_.copied_bytes -= is_small_ ? small_.size() : writer_ ? writer_->offset() : 0;
        writer_.reset();
        if (!is_small_) (void)sync_wait(copy_.blobs.discard_upload(id_)); // what is left the sweeper takes
    }

    /// The bytes were copied, and known already.
    void was_not_needed() { (void)sync_wait(copy_.blobs.discard_upload(id_)); } // what is left the sweeper takes

    Result<void> begin_anew() {
        copy_.copied_bytes -= std::min<std::uint64_t>(copy_.copied_bytes, offset());
        small_.clear();
        kept_ = 0;
        if (is_small_) return {};
        writer_.reset();
        if (auto gone = sync_wait(copy_.blobs.discard_upload(id_)); !gone) return gone;
        auto writer = sync_wait(copy_.blobs.open_upload(id_, blob_.digest.algorithm(), true));
        if (!writer) return failure(std::move(writer));
        writer_ = std::move(*writer);
        return {};
    }

private:
    const BlobCopy& copy_;
    const PlannedBlob& blob_;
    const bool is_small_;
    const storage::UploadId id_;
    std::string small_;
    std::unique_ptr<UploadWriter> writer_;
    std::uint64_t kept_ = 0;
};

Result<void> fetch(const BlobCopy& copy, const PlannedBlob& blob, BlobSink& sink) {
    bool began_anew = false;
    for (unsigned attempt = 0;;) {
        const std::uint64_t before = sink.offset();
        if (before == blob.size && blob.size > 0) return {}; // an earlier run had it all
        auto done = copy.source.blob(blob.digest, before, blob.size, sink);
        if (done) {
            if (sink.offset() != blob.size) return lies_about_size(blob, "shorter");
            return {};
        }
        if (done.error().code == ErrorCode::payload_too_large) return lies_about_size(blob, "longer");
        if (done.error().code == ErrorCode::range_not_satisfiable && !began_anew) {
            began_anew = true;
            if (auto anew = sink.begin_anew(); !anew) return anew;
            continue;
        }
        if (done.error().code != ErrorCode::unavailable) return done;
        // A source that gives a good part each time is not given up. One that gives a byte each time would never end.
        attempt = sink.offset() >= before + least_part ? 0 : attempt + 1;
        if (attempt == most_attempts || !wait_before(attempt, copy.stop)) return done;
    }
}

Result<Digest> digest_of(const PlannedBlob& blob, BlobSink& sink) {
    if (sink.is_small()) return Digest::of(as_bytes(sink.small()), blob.digest.algorithm());
    return sync_wait(sink.writer().digest(blob.digest.algorithm()));
}

Result<void> store(const BlobCopy& copy, const PlannedBlob& blob, BlobSink& sink) {
    auto digest = digest_of(blob, sink);
    if (!digest) return failure(std::move(digest));
    if (*digest != blob.digest) {
        return failure(ErrorCode::digest_invalid, fmt::format("The bytes that the source gave for the blob {} have the digest "
                                                              "{}.",
                                                              blob.digest.to_string(), digest->to_string()));
    }
    const LinkBlob note = [&](storage::Session& session) { return hold_blob(session, copy.operation, blob.digest); };
    const Timestamp now = copy.clock.now();
    if (sink.is_small()) return sync_wait(store_small_blob(copy.database, blob.digest, as_bytes(sink.small()), now, note));
    auto stored = sync_wait(store_upload(copy.database, copy.blobs, blob.digest, sink.writer(), now, note));
    if (!stored) return failure(std::move(stored));
    if (!*stored) sink.was_not_needed();
    return {};
}

} // namespace

Result<bool> copy_blob(const BlobCopy& copy, const PlannedBlob& blob) {
    BlobSink sink(copy, blob);
    if (auto opened = sink.open(); !opened) return failure(std::move(opened));
    auto done = fetch(copy, blob, sink);
    if (done) done = store(copy, blob, sink);
    if (done) return true;
    if (copy.stop.stop_requested() && done.error().code == ErrorCode::unavailable) {
        (void)sink.keep(false); // else it is fetched again
        return failure(std::move(done));
    }
    sink.discard();
    if (done.error().code == ErrorCode::blob_unknown && blob.lives_elsewhere) return false;
    return failure(std::move(done));
}

} // namespace berth::data_plane
