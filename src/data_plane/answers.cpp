#include "data_plane/answers.hpp"

#include "gateway/response.hpp"

namespace berth::data_plane {

std::string manifest_path(const RepositoryName& name, const Digest& digest) {
    return "/v2/" + name.value() + "/manifests/" + digest.to_string();
}

std::string blob_path(const RepositoryName& name, const Digest& digest) {
    return "/v2/" + name.value() + "/blobs/" + digest.to_string();
}

http::Response created(std::string location, const Digest& digest) {
    auto response = gateway::empty_response(201);
    response.headers.add("Location", std::move(location));
    response.headers.add("Docker-Content-Digest", digest.to_string());
    return response;
}

http::Response accepted() { return gateway::empty_response(202); }

http::Response page_response(std::string_view content_type, http::Body body, const std::string& link) {
    http::Response out;
    out.headers.reserve(10);
    out.headers.add("Content-Type", content_type);
    if (!link.empty()) out.headers.add("Link", link);
    out.body = std::move(body);
    return out;
}

http::Response not_modified(std::string_view digest, std::string_view entity_tag) {
    auto response = gateway::empty_response(304);
    response.headers.add("ETag", entity_tag);
    response.headers.add("Docker-Content-Digest", digest);
    return response;
}

} // namespace berth::data_plane
