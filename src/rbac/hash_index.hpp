#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace berth::rbac {

/// Finds numbers by a 64-bit hash in one or two cache lines: open addressing, filled once, read from any thread after
/// that. Who asks says what equal means, so the keys stay where they are. Inside this room only.
class HashIndex {
public:
    static constexpr std::uint32_t none = 0xFFFFFFFF;

    HashIndex() : HashIndex(0) {}
    /// Room for `size` numbers; not more may be inserted.
    explicit HashIndex(std::size_t size) : slots_(std::bit_ceil(size * 2 + 1)) {}

    /// The first number inserted with this hash for which `equal(number)` holds, or `none`.
    template <class Equal>
    std::uint32_t find(std::uint64_t hash, Equal equal) const {
        const auto tag = static_cast<std::uint32_t>(hash >> 32);
        for (auto at = static_cast<std::size_t>(hash);; ++at) {
            const auto& slot = slots_[at & (slots_.size() - 1)];
            if (slot.number == none) return none;
            if (slot.tag == tag && equal(slot.number)) return slot.number;
        }
    }
    void insert(std::uint64_t hash, std::uint32_t number) {
        auto at = static_cast<std::size_t>(hash);
        while (slots_[at & (slots_.size() - 1)].number != none) ++at;
        slots_[at & (slots_.size() - 1)] = {static_cast<std::uint32_t>(hash >> 32), number};
    }
    std::size_t bytes() const noexcept { return slots_.size() * sizeof(Slot); }

private:
    struct Slot {
        std::uint32_t tag = 0;
        std::uint32_t number = none;
    };
    std::vector<Slot> slots_; // a power of two of them, at least half empty
};

} // namespace berth::rbac
