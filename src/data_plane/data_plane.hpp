#pragma once

#include "data_plane/blob_routes.hpp"
#include "data_plane/hot_content.hpp"
#include "data_plane/list_routes.hpp"
#include "data_plane/manifest_routes.hpp"
#include "data_plane/referrer_routes.hpp"
#include "data_plane/repository_api_routes.hpp"
#include "data_plane/token_routes.hpp"
#include "data_plane/upload_routes.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::data_plane {

/// The registry itself: `/v2`, `/acr/v1` and `/oauth2`. Lives as long as its routes serve. Thread-safe.
class DataPlane {
public:
    explicit DataPlane(gateway::Services services, const UploadLimitOptions& uploads = {});
    /// All routes of this room.
    std::vector<gateway::Route> routes();
    /// Which uploads are open.
    UploadLimits& open_uploads() noexcept { return uploads_.limits(); }

private:
    HotContent hot_;
    TokenRoutes tokens_;
    ManifestRoutes manifests_;
    BlobRoutes blobs_;
    UploadRoutes uploads_;
    ListRoutes lists_;
    ReferrerRoutes referrers_;
    RepositoryApiRoutes repository_api_;
};

} // namespace berth::data_plane
