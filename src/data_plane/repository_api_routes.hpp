#pragma once

#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::data_plane {

/// `/acr/v1`: what ACR's own clients list and lock (acr-data-plane section 2.4).
class RepositoryApiRoutes {
public:
    explicit RepositoryApiRoutes(gateway::Services services) : services_(services) {}
    std::vector<gateway::Route> routes();

private:
    using Answer = Task<Result<http::Response>>;
    Answer catalog(gateway::Context& context);
    Answer get_repository(gateway::Context& context);
    Answer patch_repository(gateway::Context& context);
    Answer remove_repository(gateway::Context& context);
    Answer list_tags(gateway::Context& context);
    Answer get_tag(gateway::Context& context);
    Answer patch_tag(gateway::Context& context);
    Answer remove_tag(gateway::Context& context);
    Answer list_manifests(gateway::Context& context);
    Answer get_manifest(gateway::Context& context);
    Answer patch_manifest(gateway::Context& context);

    gateway::Services services_;
};

} // namespace berth::data_plane
