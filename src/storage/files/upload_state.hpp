#pragma once

#include "base/hasher.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::storage {

/// What is kept beside the bytes of a paused upload. The bytes are not synced then, so it holds only as long as the
/// machine runs: `boot` names that run, and whoever reads it compares.
struct UploadState {
    std::string boot;         ///< /proc/sys/kernel/random/boot_id of the run in which it was written
    std::uint64_t offset = 0; ///< bytes that count; what the file holds beyond was never acknowledged
    Hasher hasher;            ///< over just these bytes
    std::string owner;        ///< `UploadWriter::set_owner`; no line breaks
};

/// The state as text: docs/on-disk-format.md, "Uploads".
std::string encode(const UploadState& state);
/// What `encode` gave; nullopt for anything else, as a torn or damaged file.
std::optional<UploadState> decode_upload_state(std::string_view text);

} // namespace berth::storage
