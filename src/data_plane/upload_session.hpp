#pragma once

#include "base/digest.hpp"
#include "base/guid.hpp"
#include "base/names.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/seal.hpp"
#include "storage/blob_store.hpp"

#include <string>
#include <string_view>

namespace berth::data_plane {

/// An upload in progress, which lives wholly in the path of its Location: nothing is stored when it begins.
struct UploadSession {
    storage::UploadId id;
    /// What its bytes are hashed with while they arrive; the closing digest may use another.
    DigestAlgorithm algorithm = DigestAlgorithm::sha256;
    /// When this Location was given out; each acknowledged chunk gives a new one.
    Timestamp given_at{};
    /// Whether bytes were acknowledged when it was given out: if so, they must still be there.
    bool has_bytes = false;
};

/// How long a Location may be used.
constexpr std::chrono::hours upload_session_lifetime{24};

/// To whom and what a session belongs: a registry and a caller by their immutable ids, and a repository.
struct UploadOwner {
    const Guid& registry;
    const RepositoryName& repository;
    std::string_view actor; ///< as events record it
};

/// The session as the last segment of its path: signed, URL-safe, of one length. Nobody but this owner can open it; it tells
/// nothing that the answers with it do not.
std::string sign_upload_session(const identity::Seal& seal, const UploadSession& session, const UploadOwner& owner);
/// `blob_upload_unknown`, one message for all causes: what no berth with this key signed, what belongs to another owner, and
/// what has become too old.
Result<UploadSession> open_upload_session(const identity::Seal& seal, std::string_view text, const UploadOwner& owner,
                                          Timestamp now);

} // namespace berth::data_plane
