#include "data_plane/ended_uploads.hpp"

#include "data_plane/upload_session.hpp"

namespace berth::data_plane {

bool EndedUploads::end(const storage::UploadId& id, Timestamp now) {
    const std::size_t hash = std::hash<storage::UploadId>{}(id);
    const std::lock_guard lock(mutex_);
    if (older_.contains(hash)) return false;
    if (now - turned_at_ > upload_session_lifetime || recent_.size() >= most) {
        older_ = std::exchange(recent_, {});
        turned_at_ = now;
    }
    return recent_.insert(hash).second;
}

void EndedUploads::reopen(const storage::UploadId& id) {
    const std::size_t hash = std::hash<storage::UploadId>{}(id);
    const std::lock_guard lock(mutex_);
    recent_.erase(hash);
    older_.erase(hash);
}

bool EndedUploads::has_ended(const storage::UploadId& id) const {
    const std::size_t hash = std::hash<storage::UploadId>{}(id);
    const std::lock_guard lock(mutex_);
    return recent_.contains(hash) || older_.contains(hash);
}

} // namespace berth::data_plane
