#include "storage/files/file_blob_store.hpp"

#include "storage/file_error.hpp"
#include "storage/files/file_upload_writer.hpp"

#include <fcntl.h>

#include <cerrno>
#include <fstream>
#include <unordered_set>

namespace berth::storage {
namespace {

Error object_error(int code) { return file_error(code, "The stored blob cannot be reached"); }
Error upload_error(int code) { return file_error(code, "The upload cannot be reached"); }
Error unknown_upload() { return {ErrorCode::blob_upload_unknown, "There is no such upload. Start a new one."}; }
Error busy_upload() {
    return {ErrorCode::conflict, "Another request is writing to this upload. Wait until it has ended, then go on."};
}

// Without one, what was paused does not outlive this process: safe, if less than promised.
std::string read_boot_id() {
    std::string line;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> line;
    return line.empty() ? Guid::random().value() : line;
}

SystemResult<void> make_folders(FileStoreContext& context, const std::string& folder) {
    if (const auto made = context.files.make_folder(context.uploads); !made && made.error() != EEXIST) return made;
    if (auto opened = context.objects.open(); !opened) return opened;
    return context.files.sync_folder(folder);
}

Result<void> remove_upload(FileStoreContext& context, const Guid& id) {
    // The state first: without it the bytes mean nothing, without them it would.
    for (const auto& path : {context.state_path(id), context.data_path(id)}) {
        const auto removed = context.files.remove(path);
        if (!removed && removed.error() != ENOENT) return std::unexpected(upload_error(removed.error()));
    }
    return {};
}

Result<void> discard(FileStoreContext& context, const Guid& id) {
    // Without waiting: this may be before the work that would end the wait, on the only worker.
    while (context.open.try_claim(id) != OpenUploads::Answer::claimed) {
        if (context.open.discard(id)) return {}; // whoever has it does it
    }
    auto removed = remove_upload(context, id);
    context.open.release(id);
    return removed;
}

Result<UploadsLookedAt> discard_older_than(FileStoreContext& context, std::chrono::seconds age) {
    const auto names = context.files.list(context.uploads);
    if (!names) return std::unexpected(upload_error(names.error()));
    const auto limit = Clock().now() - age;
    std::unordered_map<Guid, bool> uploads; // whether all its files are old
    for (const auto& name : *names) {
        const auto id = Guid::parse(std::string_view(name).substr(0, name.find('.')));
        if (!id) continue;
        const auto file = context.files.open(context.uploads + '/' + name, O_RDONLY, 0);
        if (!file) continue; // gone meanwhile
        const auto status = context.files.status(file->get());
        if (!status) return std::unexpected(upload_error(status.error()));
        bool& old = uploads.try_emplace(*id, true).first->second;
        old = old && status->modified <= limit;
    }
    UploadsLookedAt out;
    for (const auto& [id, old] : uploads) {
        if (!old || context.open.try_claim(id) != OpenUploads::Answer::claimed) {
            out.left.push_back(id);
            continue;
        }
        static_cast<void>(context.files.remove(context.state_path(id) + ".new"));
        auto removed = remove_upload(context, id);
        context.open.release(id);
        if (!removed) return failure(std::move(removed));
        ++out.discarded;
    }
    return out;
}

// Bytes that were never acknowledged, and uploads that cannot be gone on with: not at the start, since removing large files
// takes a while. A request that comes for the upload meanwhile waits.
void tidy_later(const std::shared_ptr<FileStoreContext>& context, const Guid& id) {
    if (context->open.try_claim(id) != OpenUploads::Answer::claimed) return;
    context->open.close_soon(id, [&] {
        context->workers.submit([context, id] {
            FileUpload upload(context, id, DigestAlgorithm::sha256);
            const auto resumed = upload.resume(); // a failure leaves it to `discard_uploads_older_than`
            (void)resumed;
        });
    });
}

Result<std::vector<PausedUpload>> find_paused(const std::shared_ptr<FileStoreContext>& context) {
    const auto names = context->files.list(context->uploads);
    if (!names) return std::unexpected(upload_error(names.error()));
    std::vector<PausedUpload> out;
    std::unordered_set<Guid> seen;
    for (const auto& name : *names) {
        const auto id = Guid::parse(std::string_view(name).substr(0, name.find('.')));
        if (!id || !seen.insert(*id).second) continue;
        auto state = read_upload_state(*context, *id);
        if (!state) continue; // one that cannot be read keeps nobody from starting, and is removed when it is old
        if (!*state) {
            tidy_later(context, *id);
            continue;
        }
        const auto data = context->files.open(context->data_path(*id), O_RDONLY, 0);
        const auto status = data ? context->files.status(data->get()) : std::unexpected(data.error());
        if (!status || status->size > (*state)->offset) tidy_later(context, *id);
        out.push_back({.id = *id, .owner = std::move((*state)->owner), .size = (*state)->offset});
    }
    return out;
}

Result<OpenObject> open_object(FileStoreContext& context, SystemResult<FileDescriptor> file) {
    if (!file && file.error() == ENOENT) {
        return failure(ErrorCode::blob_unknown, "The blob store has no such object.");
    }
    if (!file) return std::unexpected(object_error(file.error()));
    const auto status = context.files.status(file->get());
    if (!status) return std::unexpected(object_error(status.error()));
    return OpenObject{status->size, std::make_shared<FileDescriptor>(std::move(*file))};
}

using Writer = Result<std::unique_ptr<UploadWriter>>;

// With the claim already taken; gives it back on failure.
Writer open_claimed(const std::shared_ptr<FileStoreContext>& context, const Guid& id, DigestAlgorithm algorithm, bool create) {
    auto upload = std::make_unique<FileUpload>(context, id, algorithm);
    const auto there = upload->resume();
    if (!there) return std::unexpected(there.error());
    if (!*there && !create) return std::unexpected(unknown_upload());
    return std::make_unique<FileUploadWriter>(std::move(upload));
}

} // namespace

Result<std::unique_ptr<FileBlobStore>> FileBlobStore::open(const std::string& folder, FileStoreThreads threads,
                                                           const FileBlobOptions& options, FileSystem& files) {
    auto context = std::make_shared<FileStoreContext>(files, threads, options, folder);
    if (context->options.boot.empty()) context->options.boot = read_boot_id();
    if (const auto made = make_folders(*context, folder); !made) {
        return std::unexpected(file_error(made.error(), fmt::format("The blob store in {} cannot be opened", folder)));
    }
    return std::unique_ptr<FileBlobStore>(new FileBlobStore(std::move(context)));
}

Task<Result<std::uint64_t>> FileBlobStore::upload_size(const UploadId& id) {
    auto job = context_->workers.run([this, &id]() -> Result<std::uint64_t> {
        const auto state = read_upload_state(*context_, id);
        if (!state) return std::unexpected(state.error());
        if (!*state || context_->open.is_discarded(id)) return std::unexpected(unknown_upload());
        return (*state)->offset;
    });
    co_return co_await job;
}

Task<Writer> FileBlobStore::open_upload(const UploadId& id, DigestAlgorithm algorithm, bool create) {
    const auto claim = context_->open.try_claim(id);
    if (claim == OpenUploads::Answer::open) co_return std::unexpected(busy_upload());
    if (claim == OpenUploads::Answer::claimed && create) {
        // The usual case, a new upload: one look in a folder that is always in memory is cheaper than a worker.
        const auto state = context_->files.open(context_->state_path(id), O_RDONLY, 0);
        if (!state && state.error() == ENOENT) {
            co_return std::make_unique<FileUploadWriter>(std::make_unique<FileUpload>(context_, id, algorithm));
        }
    }
    auto job = context_->workers.run([this, &id, algorithm, create, claim]() -> Writer {
        if (claim != OpenUploads::Answer::claimed && !context_->open.claim(id)) return std::unexpected(busy_upload());
        return open_claimed(context_, id, algorithm, create);
    });
    co_return co_await job;
}

Task<Result<void>> FileBlobStore::discard_upload(const UploadId& id) {
    auto job = context_->workers.run([this, &id] { return discard(*context_, id); });
    co_return co_await job;
}

Task<Result<UploadsLookedAt>> FileBlobStore::discard_uploads_older_than(std::chrono::seconds age) {
    auto job = context_->workers.run([this, age] { return discard_older_than(*context_, age); });
    co_return co_await job;
}

Task<Result<std::vector<PausedUpload>>> FileBlobStore::paused_uploads() {
    auto job = context_->workers.run([this] { return find_paused(context_); });
    co_return co_await job;
}

Task<Result<OpenObject>> FileBlobStore::open(const StorageKey& key) {
    const auto path = context_->objects.path(key);
    auto file = context_->files.open_cached(path);
    if (file || file.error() != EAGAIN) co_return open_object(*context_, std::move(file));
    auto job = context_->workers.run([this, &path] { return open_object(*context_, context_->files.open(path, O_RDONLY, 0)); });
    co_return co_await job;
}

Task<Result<void>> FileBlobStore::remove(const StorageKey& key) {
    auto job = context_->workers.run([this, &key]() -> Result<void> {
        const auto removed = context_->files.remove(context_->objects.path(key));
        if (!removed && removed.error() == ENOENT) return {};
        if (!removed) return std::unexpected(object_error(removed.error()));
        // Else it could be back after a power cut, with nothing left that knows of it.
        const auto synced = context_->files.sync_folder(context_->objects.folder(key));
        if (!synced) return std::unexpected(object_error(synced.error()));
        return {};
    });
    co_return co_await job;
}

} // namespace berth::storage
