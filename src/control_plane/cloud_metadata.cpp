#include "control_plane/cloud_metadata.hpp"

#include "gateway/context.hpp"
#include "gateway/response.hpp"

#include <boost/json/array.hpp>

namespace berth::control_plane {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using gateway::Context;
using http::Response;

constexpr std::string_view first_array_version = "2019-05-01";
constexpr std::string_view first_object_version = "2022-09-01";

Task<Result<Response>> get(const Plane& plane, Context& context) {
    CloudAddresses cloud{.base = context.base_address(), .audiences = {}, .registry_suffix = {}};
    // The client's own address first where tokens for it are taken; the well-known one is taken always.
    if (plane.services.directory_tokens.knows_resource(context.world(), cloud.base)) cloud.audiences.push_back(cloud.base);
    cloud.audiences.emplace_back("https://management.azure.com");
    const std::string login_server = plane.services.tenancy.naming().login_server("name");
    cloud.registry_suffix = login_server.substr(std::min(login_server.find('.'), login_server.size()));
    const std::string version(context.query().find("api-version").value_or(first_object_version));
    co_return gateway::json_response(200, cloud_metadata(cloud, version));
}

} // namespace

value cloud_metadata(const CloudAddresses& cloud, std::string_view api_version) {
    // The ADFS form of the authority: with any other one az first asks Microsoft's servers about a private host.
    object authentication{{"loginEndpoint", cloud.base + "/adfs"},
                          {"audiences", array(cloud.audiences.begin(), cloud.audiences.end())},
                          {"tenant", "common"},
                          {"identityProvider", "ADFS"}};
    if (api_version < first_array_version) {
        return object{{"galleryEndpoint", cloud.base + "/"},
                      {"graphEndpoint", cloud.base + "/"},
                      {"portalEndpoint", cloud.base + "/"},
                      {"authentication", std::move(authentication)}};
    }
    object out{{"name", "berth"},
               {"portal", cloud.base + "/"},
               {"authentication", std::move(authentication)},
               {"graphAudience", cloud.base + "/"},
               {"graph", cloud.base + "/"},
               {"microsoftGraphResourceId", cloud.base + "/"},
               {"resourceManager", cloud.base},
               {"media", cloud.base + "/"},
               {"gallery", cloud.base + "/"},
               {"batch", cloud.base + "/"},
               {"vmImageAliasDoc", cloud.base + "/"},
               {"sqlManagement", cloud.base + "/"},
               {"activeDirectoryDataLake", cloud.base + "/"},
               {"suffixes", object{{"acrLoginServer", cloud.registry_suffix},
                                   {"storage", "core.localhost"},
                                   {"keyVaultDns", ".vault.localhost"},
                                   {"sqlServerHostname", ".database.localhost"}}}};
    if (api_version < first_object_version) return array{std::move(out)};
    return out;
}

gateway::Route cloud_metadata_route(const std::shared_ptr<Plane>& plane) {
    gateway::Route route;
    route.id = "arm.metadata.get";
    route.method = http::Method::get;
    route.pattern = "/metadata/endpoints";
    route.protocol = gateway::Protocol::resource_manager;
    route.entry = {gateway::EntryKind::open, {}, "a client reads it to learn where to sign in"};
    route.handler = [plane](Context& context) { return get(*plane, context); };
    route.summary = "Describes this cloud to az and the SDKs";
    return route;
}

} // namespace berth::control_plane
