#include "directory/directory.hpp"

#include "directory/graph_routes.hpp"

namespace berth::directory {

std::vector<gateway::Route> Directory::routes() const {
    std::vector<gateway::Route> out;
    for (const auto make : {entity_routes, relation_routes, membership_routes, password_routes, key_routes, session_routes,
                            federated_credential_routes, role_routes, directory_object_routes}) {
        std::ranges::move(make(services_), std::back_inserter(out));
    }
    return out;
}

} // namespace berth::directory
