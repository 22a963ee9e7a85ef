#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string_view>

namespace berth::data_plane {

/// The locks of a repository, manifest or tag: ACR's `changeableAttributes`, a set bit means allowed (the column
/// `attributes`).
struct Attributes {
    std::int64_t bits = 15;

    bool delete_enabled() const noexcept { return (bits & 1) != 0; }
    bool write_enabled() const noexcept { return (bits & 2) != 0; }
    bool read_enabled() const noexcept { return (bits & 4) != 0; }
    bool list_enabled() const noexcept { return (bits & 8) != 0; }
};

/// `operation_disallowed` unless the attributes allow it. `what` names the thing in the message: `the tag 'v1'`. A lock
/// against writing is one against deleting, too.
Result<void> require_readable(Attributes attributes, std::string_view what);
Result<void> require_writable(Attributes attributes, std::string_view what);
Result<void> require_deletable(Attributes attributes, std::string_view what);

} // namespace berth::data_plane
