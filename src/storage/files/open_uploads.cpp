#include "storage/files/open_uploads.hpp"

namespace berth::storage {

OpenUploads::Answer OpenUploads::try_claim(const Guid& id) {
    const std::lock_guard lock(mutex_);
    const auto [found, claimed] = open_.try_emplace(id);
    if (claimed) return Answer::claimed;
    return found->second.closing ? Answer::closing : Answer::open;
}

bool OpenUploads::claim(const Guid& id) {
    std::unique_lock lock(mutex_);
    while (true) {
        const auto [found, claimed] = open_.try_emplace(id);
        if (claimed) return true;
        if (!found->second.closing) return false;
        released_.wait(lock);
    }
}

void OpenUploads::close_soon(const Guid& id, std::move_only_function<void()> queue) {
    const std::lock_guard lock(mutex_);
    if (const auto found = open_.find(id); found != open_.end()) found->second.closing = true;
    queue();
}

void OpenUploads::release(const Guid& id) {
    {
        const std::lock_guard lock(mutex_);
        open_.erase(id);
    }
    released_.notify_all();
}

bool OpenUploads::release_unless_discarded(const Guid& id) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = open_.find(id);
        if (found != open_.end() && found->second.discarded) return false;
        open_.erase(id);
    }
    released_.notify_all();
    return true;
}

bool OpenUploads::discard(const Guid& id) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(id);
    if (found == open_.end()) return false;
    found->second.discarded = true;
    return true;
}

bool OpenUploads::is_discarded(const Guid& id) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(id);
    return found != open_.end() && found->second.discarded;
}

} // namespace berth::storage
