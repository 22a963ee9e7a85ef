#pragma once

#include "base/percent.hpp"
#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::data_plane {

/// `/oauth2/exchange` and `/oauth2/token`: from an identity to the registry's own tokens (acr-data-plane sections 1.2 and
/// 1.3). Both answer 200 for every enabled identity, rights or none: the refusal comes at the resource, where clients
/// print its reason.
class TokenRoutes {
public:
    explicit TokenRoutes(gateway::Services services) : services_(services) {}
    std::vector<gateway::Route> routes();

private:
    Task<Result<http::Response>> exchange(gateway::Context& context);
    Task<Result<http::Response>> post_token(gateway::Context& context);
    Task<Result<http::Response>> get_token(gateway::Context& context);
    Result<http::Response> answer(const gateway::Context& context, const identity::Caller& caller,
                                  const Parameters& parameters);

    gateway::Services services_;
};

} // namespace berth::data_plane
