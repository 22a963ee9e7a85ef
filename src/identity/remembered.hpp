#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace berth::identity {

/// A `KeyedHash`: what remembered things are found by.
using MemoryKey = std::array<std::byte, 32>;

/// A bounded memory of what was verified. What was used lately stays: entries live in two generations, a full young one
/// becomes the old one and the old one is dropped, and what is found in the old one moves to the young one.
/// Thread-safe.
template <class Value>
class Remembered {
public:
    /// Keeps the last `capacity` entries used and at most twice as many.
    explicit Remembered(std::size_t capacity) : capacity_per_shard_((capacity + shards - 1) / shards) {}

    /// nullptr if there is none.
    std::shared_ptr<const Value> find(const MemoryKey& key) {
        Shard& shard = shard_of(key);
        const std::lock_guard lock(shard.mutex);
        if (const auto found = shard.young.find(key); found != shard.young.end()) return found->second;
        const auto found = shard.old.find(key);
        if (found == shard.old.end()) return nullptr;
        auto value = found->second;
        insert(shard, key, value);
        return value;
    }

    void insert(const MemoryKey& key, std::shared_ptr<const Value> value) {
        Shard& shard = shard_of(key);
        const std::lock_guard lock(shard.mutex);
        insert(shard, key, std::move(value));
    }

    void erase(const MemoryKey& key) {
        Shard& shard = shard_of(key);
        const std::lock_guard lock(shard.mutex);
        shard.young.erase(key);
        shard.old.erase(key);
    }

    void clear() noexcept {
        for (Shard& shard : shards_) {
            const std::lock_guard lock(shard.mutex);
            shard.young.clear();
            shard.old.clear();
        }
    }

    std::size_t size() const {
        std::size_t out = 0;
        for (const Shard& shard : shards_) {
            const std::lock_guard lock(shard.mutex);
            out += shard.young.size() + shard.old.size();
        }
        return out;
    }

private:
    static constexpr std::size_t shards = 8;
    struct Hash {
        std::size_t operator()(const MemoryKey& key) const noexcept {
            std::size_t out = 0; // a hash is its own good hash
            std::memcpy(&out, key.data(), sizeof(out));
            return out;
        }
    };
    using Generation = std::unordered_map<MemoryKey, std::shared_ptr<const Value>, Hash>;
    struct Shard {
        mutable std::mutex mutex;
        Generation young;
        Generation old;
    };

    Shard& shard_of(const MemoryKey& key) { return shards_[std::to_integer<std::size_t>(key.back()) % shards]; }
    void insert(Shard& shard, const MemoryKey& key, std::shared_ptr<const Value> value) {
        if (shard.young.size() >= capacity_per_shard_ && !shard.young.contains(key)) {
            shard.old = std::move(shard.young);
            shard.young.clear();
        }
        shard.young.insert_or_assign(key, std::move(value));
    }

    std::size_t capacity_per_shard_;
    std::array<Shard, shards> shards_;
};

} // namespace berth::identity
