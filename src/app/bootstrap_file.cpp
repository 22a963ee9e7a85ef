#include "app/bootstrap_file.hpp"

#include "base/durable_file.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fstream>
#include <iterator>

namespace berth::app {

namespace {

boost::json::value text_or_null(const std::string& text) {
    return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}

boost::json::value read(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    auto json = parse_json(text);
    return json ? std::move(*json) : boost::json::value();
}

} // namespace

Result<void> write_bootstrap_file(const std::filesystem::path& path, const BootstrapFile& file) {
    const auto& group = file.bootstrap.resource_group;
    const auto& registry = file.bootstrap.registry;
    const auto& owner = file.bootstrap.owner;
    boost::json::object json{{"http", text_or_null(file.http)},
                             {"https", text_or_null(file.https)},
                             {"address", text_or_null(file.for_people)},
                             {"caFile", text_or_null(file.authority_file.string())},
                             {"tenantId", file.bootstrap.tenant.value()},
                             {"subscriptionId", file.bootstrap.subscription.value()},
                             {"resourceGroup", text_or_null(group ? group->name : "")},
                             {"location", text_or_null(registry ? registry->location
                                                       : group  ? group->location
                                                                : "")},
                             {"registryName", text_or_null(registry ? registry->name : "")},
                             {"registryId", text_or_null(registry ? registry->scope.value() : "")},
                             {"loginServer", text_or_null(file.login_server)},
                             {"owner", nullptr}};
    if (owner) {
        json["owner"] = boost::json::object{
            {"clientId", owner->application.application_id.value()},
            {"objectId", owner->principal.id.value()},
            {"clientSecret", file.owner_secret ? boost::json::value(file.owner_secret->reveal()) : nullptr}};
    }
    return write_durably(path, boost::json::serialize(json) + "\n", 0600);
}

std::optional<Secret> read_owner_secret(const std::filesystem::path& path, std::string_view client_id) {
    const auto json = read(path);
    const auto* owner = find_member(json, "owner");
    if (owner == nullptr || find_string(*owner, "clientId") != client_id) return std::nullopt;
    const auto secret = find_string(*owner, "clientSecret");
    if (!secret) return std::nullopt;
    return Secret(std::string(*secret));
}

void read_addresses(const std::filesystem::path& path, BootstrapFile& file) {
    const auto json = read(path);
    if (const auto http = find_string(json, "http")) file.http = *http;
    if (const auto https = find_string(json, "https")) file.https = *https;
    if (const auto address = find_string(json, "address")) file.for_people = *address;
    if (const auto authority = find_string(json, "caFile")) file.authority_file = std::string(*authority);
    const auto& registry = file.bootstrap.registry;
    const auto login_server = find_string(json, "loginServer");
    if (login_server && registry && find_string(json, "registryName") == registry->name) file.login_server = *login_server;
}

} // namespace berth::app
