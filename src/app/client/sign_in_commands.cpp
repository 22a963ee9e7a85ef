#include "app/client/command_list.hpp"
#include "app/client/console.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>
#include <boost/url/parse.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace berth::app {
namespace {

Result<Profile> profile_from_data_folder(const std::string& data) {
    const auto path = std::filesystem::path(data) / "bootstrap.json";
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto json = in ? parse_json(text) : Result<boost::json::value>(boost::json::value());
    if (!json || !json->is_object()) {
        return failure(ErrorCode::not_found, fmt::format("'{}' cannot be read. Has 'berth serve --data {}' run, and does the "
                                                         "folder belong to you?",
                                                         path.string(), data));
    }
    const auto* owner = find_member(*json, "owner");
    const auto secret = owner != nullptr ? find_string(*owner, "clientSecret") : std::nullopt;
    if (!secret) {
        return failure(
            ErrorCode::not_found,
            fmt::format("'{}' holds no secret of the Owner any more. 'berth recover --data {}' makes a new one, with "
                        "the server stopped.",
                        path.string(), data));
    }
    const auto get = [&](std::string_view key) { return std::string(find_string(*json, key).value_or("")); };
    const bool plain = find_member(*json, "http") != nullptr;
    // Away from plain http the name has to be one that the certificate is for.
    const std::string secure = get(find_member(*json, "address") != nullptr ? "address" : "https");
    return Profile{.server = plain ? get("http") : secure,
                   .ca_file = plain ? "" : get("caFile"),
                   .address = get("address"),
                   .address_ca_file = get("caFile"),
                   .tenant = get("tenantId"),
                   .subscription = get("subscriptionId"),
                   .resource_group = get("resourceGroup"),
                   .client_id = std::string(find_string(*owner, "clientId").value_or("")),
                   .client_secret = Secret(std::string(*secret))};
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]";
}

// The base address, without a slash at its end.
Result<std::string> server_address(const Values& values) {
    std::string address = values.text("server");
    while (address.ends_with('/')) address.pop_back();
    const auto parsed = boost::urls::parse_uri(address);
    if (!parsed || (parsed->scheme() != "http" && parsed->scheme() != "https") || parsed->host().empty() ||
        !parsed->encoded_path().empty() || parsed->has_query() || parsed->has_userinfo()) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("--server takes an address like https://registry.example.com:5443, not '{}'.", address));
    }
    if (parsed->scheme() == "http" && !is_loopback(parsed->host()) && !values.given("allow-plain-http")) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("{} would carry the secret in the clear. Use https, or say --allow-plain-http.", address));
    }
    return address;
}

Result<Profile> profile_from_options(const Values& values) {
    if (!values.given("server") || !values.given("client-id")) {
        return failure(ErrorCode::invalid_parameter,
                       "Say where and as whom: --data DIR, or --server URL and --client-id ID with the secret on standard "
                       "input.");
    }
    auto server = server_address(values);
    if (!server) return failure(std::move(server));
    std::string authority = values.text("ca");
    if (!authority.empty()) {
        std::error_code error;
        const auto path = std::filesystem::absolute(authority, error);
        if (error || !std::filesystem::is_regular_file(path, error)) {
            return failure(ErrorCode::not_found, fmt::format("There is no file '{}' with a CA.", authority));
        }
        authority = path.string();
    }
    auto secret = read_secret(values.text("secret-file"), "BERTH_CLIENT_SECRET", "Secret: ");
    if (!secret) return failure(std::move(secret));
    const bool secure = server->starts_with("https:");
    return Profile{.server = *server,
                   .ca_file = authority,
                   .address = secure ? *server : "",
                   .address_ca_file = secure ? authority : "",
                   .tenant = values.text("tenant"),
                   .subscription = {},
                   .resource_group = {},
                   .client_id = values.text("client-id"),
                   .client_secret = std::move(*secret)};
}

Result<Answer> login(const Values& values) {
    if (values.given("data") && (values.given("server") || values.given("client-id"))) {
        return failure(ErrorCode::invalid_parameter, "--data says where and as whom: leave out --server and --client-id.");
    }
    auto profile = values.given("data") ? profile_from_data_folder(values.text("data")) : profile_from_options(values);
    if (!profile) return failure(std::move(profile));
    if (values.given("subscription")) profile->subscription = values.text("subscription");
    if (values.given("resource-group")) profile->resource_group = values.text("resource-group");
    Session session(std::move(*profile));
    if (auto signed_in = session.sign_in(); !signed_in) return failure(std::move(signed_in));
    if (auto saved = save_profile(session.profile()); !saved) return failure(std::move(saved));
    std::string note = fmt::format("Signed in to {} as {}.", session.profile().server, session.profile().client_id);
    if (session.profile().subscription.empty()) {
        note += " You see no subscription: nobody gave you a role in one yet.";
    }
    return Answer{.note = std::move(note)};
}

Result<Answer> logout(const Values&) {
    auto was_there = remove_profile();
    if (!was_there) return failure(std::move(was_there));
    return Answer{.note = *was_there ? "Signed out; the secret is gone from this machine." : "Nobody was signed in."};
}

Result<Answer> whoami(Session& session, const Values&) {
    auto object_id = session.own_object_id();
    if (!object_id) return failure(std::move(object_id));
    const Profile& profile = session.profile();
    return Answer{.document = boost::json::object{{"server", profile.server},
                                                  {"tenantId", profile.tenant},
                                                  {"subscriptionId", profile.subscription},
                                                  {"resourceGroup", profile.resource_group},
                                                  {"clientId", profile.client_id},
                                                  {"objectId", *object_id}}};
}

} // namespace

std::vector<Command> sign_in_commands() {
    return {
        {.path = "login",
         .summary = "Sign in to a server for the commands below",
         .arguments = {{.name = "--data",
                        .what = "Data folder of a server on this machine: as its Owner",
                        .placeholder = "DIR"},
                       {.name = "--server", .what = "Base address: https://registry.example.com", .placeholder = "URL"},
                       {.name = "--client-id",
                        .what = "Client id of a service principal; its secret is read from standard input, or from the "
                                "environment variable BERTH_CLIENT_SECRET",
                        .placeholder = "ID"},
                       {.name = "--secret-file", .what = "File that holds the secret", .placeholder = "FILE"},
                       {.name = "--tenant", .what = "Tenant id; found by itself when left out", .placeholder = "ID"},
                       {.name = "--ca-file,--ca", .what = "CA to trust, as bootstrap.json names it", .placeholder = "FILE"},
                       {.name = "--subscription",
                        .what = "Id or name of the subscription to work in; the first when left out",
                        .placeholder = "SUBSCRIPTION"},
                       {.name = "-g,--resource-group", .what = "Resource group to work in", .placeholder = "NAME"},
                       {.name = "--allow-plain-http",
                        .what = "Send the secret over http to another machine",
                        .kind = Argument::Kind::flag}},
         .examples = {"berth login --data berth-data", "berth login --server https://registry.example.com --client-id "
                                                       "11111111-2222-3333-4444-555555555555 --ca ca.pem < secret.txt"},
         .run_alone = login},
        {.path = "logout", .summary = "Forget the sign-in and its secret", .examples = {"berth logout"}, .run_alone = logout},
        {.path = "whoami",
         .summary = "Show who is signed in where",
         .examples = {"berth whoami", "berth whoami --output json"},
         .columns = {{"server", "server"},
                     {"tenant", "tenantId"},
                     {"subscription", "subscriptionId"},
                     {"resource group", "resourceGroup"},
                     {"client id", "clientId"},
                     {"object id", "objectId"}},
         .run = whoami}};
}

} // namespace berth::app
