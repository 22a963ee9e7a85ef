#pragma once

#include <memory>

namespace berth::identity {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* pointer) const noexcept {
        Free(pointer);
    }
};

/// An object of a C library, given back with the library's own function.
template <class T, auto Free>
using Owned = std::unique_ptr<T, Freed<Free>>;

} // namespace berth::identity
