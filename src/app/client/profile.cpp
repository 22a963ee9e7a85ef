#include "app/client/profile.hpp"

#include "base/durable_file.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace berth::app {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

} // namespace

std::filesystem::path profile_path() {
    if (const std::string path = environment("BERTH_PROFILE"); !path.empty()) return path;
    if (const std::string home = environment("XDG_CONFIG_HOME"); !home.empty()) {
        return std::filesystem::path(home) / "berth" / "profile.json";
    }
    return std::filesystem::path(environment("HOME")) / ".config" / "berth" / "profile.json";
}

Result<Profile> load_profile() {
    std::ifstream in(profile_path(), std::ios::binary);
    if (!in) {
        return failure(ErrorCode::not_found, "Nobody is signed in. Run 'berth login --data DIR' on the server's machine, "
                                             "or 'berth login --server URL --client-id ID'.");
    }
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto json = parse_json(text);
    if (!json || !find_string(*json, "server") || !find_string(*json, "clientSecret")) {
        return failure(ErrorCode::invalid_json,
                       fmt::format("'{}' is damaged; sign in again with 'berth login'.", profile_path().string()));
    }
    const auto get = [&](std::string_view key) { return std::string(find_string(*json, key).value_or("")); };
    return Profile{.server = get("server"),
                   .ca_file = get("caFile"),
                   .address = get("address"),
                   .address_ca_file = get("addressCaFile"),
                   .tenant = get("tenantId"),
                   .subscription = get("subscriptionId"),
                   .resource_group = get("resourceGroup"),
                   .client_id = get("clientId"),
                   .client_secret = Secret(get("clientSecret"))};
}

Result<void> save_profile(const Profile& profile) {
    std::error_code error;
    std::filesystem::create_directories(profile_path().parent_path(), error);
    const boost::json::object json{{"server", profile.server},
                                   {"caFile", profile.ca_file},
                                   {"address", profile.address},
                                   {"addressCaFile", profile.address_ca_file},
                                   {"tenantId", profile.tenant},
                                   {"subscriptionId", profile.subscription},
                                   {"resourceGroup", profile.resource_group},
                                   {"clientId", profile.client_id},
                                   {"clientSecret", profile.client_secret.reveal()}};
    return write_durably(profile_path(), boost::json::serialize(json) + "\n", 0600);
}

Result<bool> remove_profile() {
    std::error_code error;
    const bool was_there = std::filesystem::remove(profile_path(), error);
    if (!error) return was_there;
    return failure(ErrorCode::storage_read_only,
                   fmt::format("'{}' cannot be removed: {}.", profile_path().string(), error.message()));
}

} // namespace berth::app
