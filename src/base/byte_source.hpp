#pragma once

#include "base/result.hpp"
#include "base/task.hpp"

#include <cstddef>
#include <span>

namespace berth {

/// Bytes that arrive piece by piece: a request's body, an object of a store.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    /// Fills the front of `out` and says how much; 0 only at the end. Not called again after an error or the end.
    virtual Task<Result<std::size_t>> read(std::span<std::byte> out) = 0;
};

} // namespace berth
