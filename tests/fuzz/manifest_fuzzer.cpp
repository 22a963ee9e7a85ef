#include "data_plane/manifest_document.hpp"

#include <cstdlib>

// Reads the input as a manifest of every type that berth stores, and as an image's config.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth::data_plane;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const std::optional<std::string_view> type :
         {std::optional<std::string_view>(), std::optional<std::string_view>("application/vnd.oci.image.manifest.v1+json"),
          std::optional<std::string_view>("application/vnd.oci.image.index.v1+json; charset=utf-8"),
          std::optional<std::string_view>("application/vnd.oci.artifact.manifest.v1+json"),
          std::optional<std::string_view>("application/vnd.docker.distribution.manifest.v2+json")}) {
        const auto document = parse_manifest(type, text);
        if (document && document->references.size() > most_manifest_references + 1) std::abort();
        if (document && manifest_shape(document->media_type) != document->shape) std::abort();
    }
    static_cast<void>(parse_image_platform(text));
    return 0;
}
