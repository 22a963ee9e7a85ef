#pragma once

#include "base/digest.hpp"
#include "base/names.hpp"
#include "http/message.hpp"

#include <string>
#include <string_view>

/// Answers that several nouns of the distribution API share.
namespace berth::data_plane {

/// `/v2/<name>/manifests/<digest>` and `/v2/<name>/blobs/<digest>`. Relative: a client of Azure's strips the first
/// character and joins the rest to its own address (acr-data-plane section 2.2).
std::string manifest_path(const RepositoryName& name, const Digest& digest);
std::string blob_path(const RepositoryName& name, const Digest& digest);

/// 201 with `Location` and `Docker-Content-Digest`.
http::Response created(std::string location, const Digest& digest);
/// 202 without a body.
http::Response accepted();
/// 200 with a page of a list; `link`: the Link field, or empty.
http::Response page_response(std::string_view content_type, http::Body body, const std::string& link);
/// 304 with what a client needs to use what it has.
http::Response not_modified(std::string_view digest, std::string_view entity_tag);

} // namespace berth::data_plane
