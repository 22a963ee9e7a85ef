#pragma once

#include "data_plane/hot_content.hpp"
#include "data_plane/manifest_document.hpp"
#include "data_plane/manifest_store.hpp"
#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::data_plane {

/// `/v2/<name>/manifests/<reference>` (OCI distribution specification: end-3, end-7, end-9).
class ManifestRoutes {
public:
    ManifestRoutes(gateway::Services services, HotContent& hot) : services_(services), hot_(hot) {}
    std::vector<gateway::Route> routes();

private:
    Task<Result<http::Response>> get(gateway::Context& context);
    Task<Result<StoredManifest>> keep(gateway::Context& context, const Digest& digest, const StoredManifest& manifest);
    Task<Result<http::Response>> put(gateway::Context& context);
    Task<Result<http::Response>> remove(gateway::Context& context);
    Task<Result<http::Response>> remove_tag(gateway::Context& context, const Tag& tag);
    Task<Result<http::Response>> remove_manifest(gateway::Context& context, const Digest& digest);
    Task<ImagePlatform> read_platform(const gateway::Context& context, const ManifestDocument& document);

    gateway::Services services_;
    HotContent& hot_;
};

} // namespace berth::data_plane
