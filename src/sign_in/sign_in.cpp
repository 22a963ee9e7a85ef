#include "sign_in/sign_in.hpp"

#include "sign_in/sign_in_routes.hpp"

#include <algorithm>
#include <iterator>

namespace berth::sign_in {

std::vector<gateway::Route> SignIn::routes() const {
    std::vector<gateway::Route> out;
    for (const auto make : {token_routes, metadata_routes, managed_identity_routes, authorize_routes, device_routes,
                            provider_routes, sign_out_routes})
        std::ranges::move(make(services_), std::back_inserter(out));
    return out;
}

} // namespace berth::sign_in
