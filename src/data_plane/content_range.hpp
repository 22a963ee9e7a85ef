#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace berth::data_plane {

/// Where a chunk belongs: first and last byte, both inclusive.
struct ContentRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    std::uint64_t size() const noexcept { return last - first + 1; }
};

/// Reads the Content-Range of a chunk: `^[0-9]+-[0-9]+$` (OCI distribution specification, "Pushing a blob in chunks"),
/// which is not HTTP's. nullopt when there is none; `blob_upload_invalid` for another form or an end before its beginning.
Result<std::optional<ContentRange>> parse_content_range(std::optional<std::string_view> header);

} // namespace berth::data_plane
