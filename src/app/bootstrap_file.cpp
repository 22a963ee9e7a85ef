#include "app/bootstrap_file.hpp"

#include "base/durable_file.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fstream>
#include <iterator>

namespace berth::app {

Result<void> write_bootstrap_file(const std::filesystem::path& path, const BootstrapFile& file) {
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
    };
    boost::json::object json{{"http", text_or_null(file.http)},
                             {"https", text_or_null(file.https)},
                             {"caFile", text_or_null(file.authority_file.string())},
                             {"tenantId", file.bootstrap.tenant.value()},
                             {"subscriptionId", file.bootstrap.subscription.value()}};
    if (const auto& registry = file.bootstrap.registry) {
        json["resourceGroup"] = registry->resource_group;
        json["location"] = registry->location;
        json["registryName"] = registry->name;
        json["registryId"] = registry->scope.value();
        json["loginServer"] = file.login_server;
    }
    if (const auto& owner = file.bootstrap.owner) {
        json["owner"] = boost::json::object{
            {"clientId", owner->application.application_id.value()},
            {"objectId", owner->principal.id.value()},
            {"clientSecret", file.owner_secret ? boost::json::value(file.owner_secret->reveal()) : nullptr}};
    }
    return write_durably(path, boost::json::serialize(json) + "\n", 0600);
}

std::optional<Secret> read_owner_secret(const std::filesystem::path& path, std::string_view client_id) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto json = parse_json(text);
    if (!json) return std::nullopt;
    const auto* owner = find_member(*json, "owner");
    if (owner == nullptr || find_string(*owner, "clientId") != client_id) return std::nullopt;
    const auto secret = find_string(*owner, "clientSecret");
    if (!secret) return std::nullopt;
    return Secret(std::string(*secret));
}

} // namespace berth::app
