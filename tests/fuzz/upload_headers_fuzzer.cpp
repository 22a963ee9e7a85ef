#include "data_plane/content_range.hpp"
#include "data_plane/upload_session.hpp"

#include <cstdlib>

// Reads the input as a chunk's Content-Range and as the session of an upload, which must never open.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto range = data_plane::parse_content_range(text);
    if (range && *range && (*range)->size() == 0) std::abort();

    static const identity::Seal seal(Bytes(32, std::byte{1}));
    static const Guid registry = Guid::random();
    static const RepositoryName repository = *RepositoryName::parse("a");
    const data_plane::UploadOwner owner{.registry = registry, .repository = repository, .actor = "someone"};
    if (data_plane::open_upload_session(seal, text, owner, from_microseconds(0))) std::abort();
    return 0;
}
