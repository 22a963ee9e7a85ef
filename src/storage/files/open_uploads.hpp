#pragma once

#include "base/guid.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>

namespace berth::storage {

/// Which uploads have a writer: one at a time each. Thread-safe.
class OpenUploads {
public:
    enum class Answer : std::uint8_t { claimed, open, closing };

    /// Claims the upload unless somebody has it.
    Answer try_claim(const Guid& id);
    /// The same, but waits for a writer that is closing; false if one has it open.
    bool claim(const Guid& id);
    /// Says that the claim will be released soon, and has `queue` queue the work that does it: whoever sees that it is closing
    /// and waits on a worker comes behind that work.
    void close_soon(const Guid& id, std::move_only_function<void()> queue);
    /// Ends the claim.
    void release(const Guid& id);
    /// Ends the claim, unless the upload was discarded meanwhile: then false, and the claim stays.
    bool release_unless_discarded(const Guid& id);
    /// Tells whoever has the upload, closing or not, to throw it away; false if nobody has it.
    bool discard(const Guid& id);
    bool is_discarded(const Guid& id);

private:
    struct State {
        bool closing = false;
        bool discarded = false;
    };

    std::mutex mutex_;
    std::condition_variable released_;
    std::unordered_map<Guid, State> open_;
};

} // namespace berth::storage
