#include "storage/files/file_upload.hpp"

#include "storage/file_error.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstdint>

namespace berth::storage {
namespace {

constexpr std::size_t state_limit = 4096;
constexpr std::size_t reading_step = 256 * 1024;

Error upload_error(int code) { return file_error(code, "The upload cannot be stored"); }
Error gone() { return {ErrorCode::blob_upload_unknown, "The upload was cancelled."}; }

SystemResult<void> write_all(FileSystem& files, int file, std::span<const std::byte> bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
        const auto put = files.write(file, bytes, offset);
        if (!put) return std::unexpected(put.error());
        if (*put == 0) return std::unexpected(EIO);
        bytes = bytes.subspan(*put);
        offset += *put;
    }
    return {};
}

// The bytes that are there, at most as many as `out` takes.
SystemResult<std::size_t> read_up_to(FileSystem& files, int file, std::span<std::byte> out, std::uint64_t offset) {
    std::size_t have = 0;
    while (have < out.size()) {
        const auto got = files.read(file, out.subspan(have), offset + have);
        if (!got) return std::unexpected(got.error());
        if (*got == 0) break;
        have += *got;
    }
    return have;
}

// Beside the old one, then over it: whenever the process dies, one of them is whole.
SystemResult<void> replace_file(FileSystem& files, const std::string& path, std::string_view text) {
    const auto fresh = path + ".new";
    const auto file = files.open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!file) return std::unexpected(file.error());
    auto done = write_all(files, file->get(), as_bytes(text), 0);
    if (done) done = files.rename(fresh, path);
    if (!done) static_cast<void>(files.remove(fresh));
    return done;
}

} // namespace

Result<std::optional<UploadState>> read_upload_state(FileStoreContext& context, const Guid& id) {
    const auto nothing = [](int code) -> Result<std::optional<UploadState>> {
        if (code == ENOENT) return std::optional<UploadState>{};
        return std::unexpected(upload_error(code));
    };
    const auto file = context.files.open(context.state_path(id), O_RDONLY, 0);
    if (!file) return nothing(file.error());
    std::array<std::byte, state_limit> buffer{};
    const auto size = read_up_to(context.files, file->get(), buffer, 0);
    if (!size) return std::unexpected(upload_error(size.error()));
    auto state = decode_upload_state(as_text(std::span(buffer).first(*size)));
    // In another run of the machine the bytes may have gone with the memory they were in.
    if (!state || state->boot != context.options.boot) return std::optional<UploadState>{};

    const auto data = context.files.open(context.data_path(id), O_RDONLY, 0);
    if (!data) return nothing(data.error());
    const auto status = context.files.status(data->get());
    if (!status) return std::unexpected(upload_error(status.error()));
    if (status->size < state->offset) return std::optional<UploadState>{};
    return state;
}

FileUpload::FileUpload(std::shared_ptr<FileStoreContext> context, const Guid& id, DigestAlgorithm algorithm)
    : context_(std::move(context)), id_(id), hasher_(algorithm) {}

FileUpload::~FileUpload() {
    if (!claimed_) return;
    const bool may_be_there = touches_disk();
    if (lost_ || !paused_at_) {
        if (may_be_there) remove_files();
    } else if (file_ && (size_ > *paused_at_ || torn_)) {
        static_cast<void>(context_->files.truncate(file_.get(), *paused_at_)); // else the next writer does it
    }
    file_.reset();
    claimed_ = false;
    if (context_->open.release_unless_discarded(id_)) return;
    if (may_be_there) remove_files();
    context_->open.release(id_);
}

void FileUpload::release() noexcept {
    file_.reset();
    claimed_ = false;
    context_->open.release(id_);
}

// The state first: without it the bytes mean nothing, without them it would.
void FileUpload::remove_files() noexcept {
    static_cast<void>(context_->files.remove(context_->state_path(id_)));
    static_cast<void>(context_->files.remove(context_->data_path(id_)));
}

Result<bool> FileUpload::resume() {
    auto state = read_upload_state(*context_, id_);
    if (!state) return failure(std::move(state));
    if (!*state) {
        for (const auto& path : {context_->state_path(id_), context_->data_path(id_)}) {
            const auto removed = context_->files.remove(path);
            if (!removed && removed.error() != ENOENT) return std::unexpected(upload_error(removed.error()));
        }
        return false;
    }
    paused_at_ = (*state)->offset;
    auto file = context_->files.open(context_->data_path(id_), O_RDWR, 0);
    if (!file) return std::unexpected(upload_error(file.error()));
    const auto cut = context_->files.truncate(file->get(), *paused_at_);
    if (!cut) return std::unexpected(upload_error(cut.error()));
    file_ = std::move(*file);
    hasher_ = (*state)->hasher;
    size_ = writing_from_ = *paused_at_;
    return true;
}

Result<void> FileUpload::create() {
    const auto path = context_->data_path(id_);
    // Never into a file that is there: after a power cut it may also be an object's, whose renaming was half undone.
    const auto removed = context_->files.remove(path);
    if (!removed && removed.error() != ENOENT) return std::unexpected(upload_error(removed.error()));
    auto file = context_->files.open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (!file) return std::unexpected(upload_error(file.error()));
    file_ = std::move(*file);
    return {};
}

SystemResult<void> FileUpload::set_direct(bool direct) {
    if (direct == direct_) return {};
    auto done = context_->files.set_direct(file_.get(), direct);
    if (done) direct_ = direct;
    return done;
}

bool FileUpload::may_go_directly(std::span<const std::byte> bytes) const noexcept {
    const auto whole = [](std::uint64_t number) { return number % direct_unit == 0; };
    return context_->takes_direct_writes && size_ >= context_->options.direct_from && whole(size_) && whole(bytes.size()) &&
           whole(reinterpret_cast<std::uintptr_t>(bytes.data()));
}

SystemResult<void> FileUpload::write_at_end(std::span<const std::byte> bytes) {
    std::uint64_t offset = size_;
    if (may_go_directly(bytes)) {
        SystemResult<std::size_t> put = 0;
        if (auto set = set_direct(true); !set) {
            put = std::unexpected(set.error());
        } else {
            put = context_->files.write(file_.get(), bytes, offset);
        }
        if (!put && put.error() != EINVAL) return std::unexpected(put.error());
        if (!put) context_->takes_direct_writes = false; // not with this file system
        // The disk is nearly full, or a signal came: what is left may be no whole unit.
        const std::size_t done = put.value_or(0);
        bytes = bytes.subspan(done);
        offset += done;
        if (bytes.empty()) return {};
    }
    if (auto done = set_direct(false); !done) return done;
    return write_all(context_->files, file_.get(), bytes, offset);
}

Result<void> FileUpload::write(std::span<const std::byte> bytes) {
    if (context_->open.is_discarded(id_)) return std::unexpected(gone());
    if (!file_) {
        if (auto created = create(); !created) return created;
    }
    const auto written = write_at_end(bytes);
    if (!written) {
        torn_ = true;
        return std::unexpected(upload_error(written.error()));
    }
    size_ += bytes.size();
    if (direct_) {
        writing_from_ = size_;
    } else if (size_ - writing_from_ >= context_->options.writing_step) {
        // Only a hint: the sync at the end reports what went wrong.
        static_cast<void>(context_->files.start_writing(file_.get(), writing_from_, size_ - writing_from_));
        writing_from_ = size_;
    }
    return {};
}

Result<void> FileUpload::append(std::span<const std::byte> bytes) {
    if (bytes.empty()) return {};
    hasher_.update(bytes);
    return write(bytes);
}

Result<void> FileUpload::read(std::span<std::byte> out, std::uint64_t offset) {
    if (const auto done = set_direct(false); !done) return std::unexpected(upload_error(done.error()));
    const auto got = read_up_to(context_->files, file_.get(), out, offset);
    if (!got) return std::unexpected(upload_error(got.error()));
    if (*got != out.size()) return std::unexpected(upload_error(EIO));
    return {};
}

Result<Digest> FileUpload::digest(DigestAlgorithm algorithm) {
    if (algorithm == hasher_.algorithm()) return hasher_.digest();
    Hasher other(algorithm);
    Bytes buffer(std::min<std::uint64_t>(size_, reading_step));
    for (std::uint64_t offset = 0; offset < size_;) {
        const auto part = std::span(buffer).first(std::min<std::uint64_t>(size_ - offset, buffer.size()));
        if (auto done = read(part, offset); !done) return failure(std::move(done));
        other.update(part);
        offset += part.size();
    }
    return other.digest();
}

Result<Bytes> FileUpload::content() {
    Bytes out(size_);
    if (auto done = read(out, 0); !done) return failure(std::move(done));
    return out;
}

Result<void> FileUpload::pause(const std::string& owner) {
    if (size_ != 0 || paused_at_) {
        const auto path = context_->state_path(id_);
        const auto saved = replace_file(context_->files, path, encode({context_->options.boot, size_, hasher_, owner}));
        if (!saved) return std::unexpected(upload_error(saved.error()));
        paused_at_ = size_;
    }
    if (!context_->open.release_unless_discarded(id_)) return std::unexpected(gone());
    file_.reset();
    claimed_ = false;
    return {};
}

Result<void> FileUpload::finish(const Guid& key) {
    if (context_->open.is_discarded(id_)) return std::unexpected(gone());
    if (!file_) { // no bytes at all
        if (auto created = create(); !created) return created;
    }
    if (const auto synced = context_->files.sync(file_.get()); !synced) {
        lost_ = true;
        return std::unexpected(upload_error(synced.error()));
    }
    if (const auto prepared = context_->objects.prepare(key); !prepared) {
        return std::unexpected(upload_error(prepared.error()));
    }
    const auto path = context_->objects.path(key);
    if (const auto moved = context_->files.rename(context_->data_path(id_), path); !moved) {
        return std::unexpected(upload_error(moved.error()));
    }
    lost_ = true; // as an upload
    if (const auto synced = context_->files.sync_folder(context_->objects.folder(key)); !synced) {
        static_cast<void>(context_->files.remove(path));
        return std::unexpected(upload_error(synced.error()));
    }
    if (paused_at_) static_cast<void>(context_->files.remove(context_->state_path(id_))); // alone it means nothing
    release();
    return {};
}

} // namespace berth::storage
