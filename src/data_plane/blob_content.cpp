#include "data_plane/blob_content.hpp"

#include <unistd.h>

#include <cerrno>

namespace berth::data_plane {
namespace {

Result<std::string> read_file(int file, std::uint64_t size) {
    std::string out(size, '\0');
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got = ::pread(file, out.data() + done, out.size() - done, static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return failure(ErrorCode::internal, "A stored object is shorter than it should be.");
        done += static_cast<std::size_t>(got);
    }
    return out;
}

} // namespace

Task<Result<std::string>> read_object(storage::BlobStore& blobs, WorkerPool& workers, const storage::StorageKey& key,
                                      std::uint64_t limit) {
    auto object = co_await blobs.open(key);
    if (!object) co_return failure(std::move(object));
    if (object->size > limit) co_return failure(ErrorCode::payload_too_large, "The object is larger than the limit.");
    const auto work = [&] { return read_file(object->file->get(), object->size); };
    auto job = workers.run(work);
    auto content = co_await job;
    co_return content;
}

} // namespace berth::data_plane
