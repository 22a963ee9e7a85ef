#pragma once

#include "base/names.hpp"
#include "base/result.hpp"
#include "data_plane/import/import_request.hpp"
#include "rbac/scope.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

namespace berth::control_plane {

/// The body of `importImage` (azure-rbac-and-arm reference, section 4.5), checked.
struct ImportBody {
    std::optional<rbac::Scope> resource; ///< the source is a registry of this berth by its resource id, or
    std::string scheme;                  ///< `http`, `https`, or empty when the body names none
    std::string host;                    ///< a server: host[:port] in lower case; Docker Hub under its own name
    RepositoryName repository;
    Reference reference;
    std::optional<data_plane::SourceCredentials> credentials;
    std::vector<data_plane::ImportTarget> targets; ///< those asked for, or the source's own name
    bool force = false;
    bool include_referrers = false; ///< berth's own extension
};

/// `invalid_parameter` for what is missing, misspelled, of a wrong type or no name, and for more than 100 targets.
Result<ImportBody> parse_import_body(const boost::json::value& body);

} // namespace berth::control_plane
