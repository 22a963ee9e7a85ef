#include "directory/directory.hpp"

#include "directory/graph_routes.hpp"

namespace berth::directory {

std::vector<gateway::Route> Directory::routes() const {
    std::vector<gateway::Route> out;
    for (const auto make :
         {application_routes, service_principal_routes, password_routes, group_routes, user_routes, directory_object_routes}) {
        std::ranges::move(make(services_), std::back_inserter(out));
    }
    return out;
}

} // namespace berth::directory
