#include "data_plane/hot_content.hpp"

namespace berth::data_plane {
namespace {

constexpr std::size_t bytes_beside = 256; // nodes, pointers, short texts

std::string key_of(HotContent::Kind kind, std::int64_t registry, std::string_view repository, std::string_view reference) {
    std::string key;
    key.reserve(2 + sizeof(registry) + repository.size() + reference.size());
    key += static_cast<char>(kind);
    for (std::size_t i = 0; i < sizeof(registry); ++i) key += static_cast<char>(registry >> (8 * i) & 0xFF);
    key += repository;
    key += '\0'; // in no name
    key += reference;
    return key;
}

std::size_t cost(std::string_view key, const HotItem& item) noexcept {
    return bytes_beside + 2 * key.size() + item.digest.size() + item.entity_tag.size() + item.media_type.size() +
           item.link.size() + (item.content ? item.content->size() : 0);
}

} // namespace

std::shared_ptr<const HotItem> HotContent::find(Kind kind, std::int64_t registry, std::string_view repository,
                                                std::string_view reference) {
    const auto version = database_.version();
    if (!version) return nullptr;
    const std::string key = key_of(kind, registry, repository, reference);
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    if (const auto found = shard.young.entries.find(key); found != shard.young.entries.end()) {
        return found->second.version == *version ? found->second.item : nullptr;
    }
    const auto found = shard.old.entries.find(key);
    if (found == shard.old.entries.end() || found->second.version != *version) return nullptr;
    Entry entry = found->second;
    auto item = entry.item;
    insert(shard, key, std::move(entry));
    return item;
}

void HotContent::keep(Kind kind, std::int64_t registry, std::string_view repository, std::string_view reference,
                      std::optional<std::uint64_t> version, std::shared_ptr<const HotItem> item) {
    if (!version || (item->content && item->content->size() > most_item_bytes)) return;
    std::string key = key_of(kind, registry, repository, reference);
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    insert(shard, std::move(key), Entry{*version, std::move(item)});
}

void HotContent::insert(Shard& shard, std::string key, Entry entry) {
    if (const auto found = shard.young.entries.find(key); found != shard.young.entries.end()) {
        shard.young.bytes -= cost(key, *found->second.item);
        shard.young.entries.erase(found);
    }
    const std::size_t bytes = cost(key, *entry.item);
    if (shard.young.bytes + bytes > most_generation_bytes) {
        shard.old = std::move(shard.young);
        shard.young = {};
    }
    shard.young.bytes += bytes;
    shard.young.entries.insert_or_assign(std::move(key), std::move(entry));
}

std::size_t HotContent::size() const {
    std::size_t out = 0;
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        out += shard.young.bytes + shard.old.bytes;
    }
    return out;
}

} // namespace berth::data_plane
