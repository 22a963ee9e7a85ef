#pragma once

#include "base/guid.hpp"
#include "base/names.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "identity/seal.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace berth::data_plane {

/// What an import shows to its source, and to no other host.
struct SourceCredentials {
    std::string user; ///< empty: the password is a token
    Secret password;
};

/// Where an image goes: with a tag, or without one.
struct ImportTarget {
    RepositoryName repository;
    std::optional<Tag> tag;
};

/// One import, checked: what the operation's row keeps until it has ended.
struct ImportRequest {
    /// The source: another server (`https://host[:port]`), or a registry of this berth by its immutable id.
    std::string source_address;
    std::optional<Guid> source_registry;
    /// Credentials for a registry of this berth came with the request and were decided on then.
    bool source_decided = false;
    /// Which secret of whoever asked stands behind the request (`identity::Caller::secret`).
    std::string actor_secret{};
    RepositoryName repository;
    Reference reference;
    /// For another server.
    std::optional<SourceCredentials> credentials;
    std::vector<ImportTarget> targets; ///< at least one
    bool force = false;                ///< move tags that are there
    bool include_referrers = false;

    /// `host/repository:tag`, for messages and events.
    std::string source_name() const;
};

/// The request as the database keeps it; credentials are sealed.
boost::json::object to_json(const ImportRequest& request, const identity::Seal& seal);
/// Reads what `to_json` wrote; `internal` for anything else, `invalid_credentials` if the key is another one.
Result<ImportRequest> parse_import_request(const boost::json::object& stored, const identity::Seal& seal);

} // namespace berth::data_plane
