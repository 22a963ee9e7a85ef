#include "app/client/command_list.hpp"
#include "app/client/shell_word.hpp"
#include "base/strict_json.hpp"
#include "outbound/http_client.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace berth::app {
namespace {

using boost::json::object;

// What az reads first of a cloud, as az reads it: by the address and the CA that it will be told.
Result<boost::json::value> cloud_of(const Profile& profile) {
    const auto response = outbound::send({.method = "GET",
                                          .url = profile.address + "/metadata/endpoints?api-version=2022-09-01",
                                          .headers = {},
                                          .body = {},
                                          .ca_file = profile.address_ca_file});
    if (!response) {
        return failure(ErrorCode::unavailable,
                       fmt::format("az would not reach berth at {} either: {} docs/names.md says how the name and its "
                                   "certificate come about.",
                                   profile.address, response.error().message));
    }
    auto document = parse_json(response->body);
    if (response->status == 200 && document && find_string(*document, "name")) return document;
    return failure(ErrorCode::unavailable, fmt::format("{} answers {}, but not as berth does. Is a proxy in between?",
                                                       profile.address, response->status));
}

bool is_cloud_name(const std::string& name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return !name.empty() && name.size() <= 64 && name.front() != '-' && std::ranges::all_of(name, allowed);
}

Result<Answer> az(Session& session, const Values& values) {
    const Profile& profile = session.profile();
    const std::string name = values.given("name") ? values.text("name") : "berth";
    if (!is_cloud_name(name)) {
        return failure(ErrorCode::invalid_parameter, "--name takes letters, digits, '-' and '_': az calls the cloud so.");
    }
    if (profile.address.empty()) {
        return failure(
            ErrorCode::invalid_parameter,
            "az speaks https only, and this sign-in knows no https address. Sign in with 'berth login --data DIR' on "
            "the server's machine, or with 'berth login --server https://…'.");
    }
    auto cloud = cloud_of(profile);
    if (!cloud) return failure(std::move(cloud));
    const auto* suffixes = find_member(*cloud, "suffixes");
    const std::string suffix(suffixes != nullptr ? find_string(*suffixes, "acrLoginServer").value_or("") : "");

    boost::json::array set_up;
    if (!profile.address_ca_file.empty()) {
        set_up.emplace_back("export REQUESTS_CA_BUNDLE=" + shell_word(profile.address_ca_file));
    }
    set_up.emplace_back(
        fmt::format("az cloud register --name {} --endpoint-resource-manager {}", name, shell_word(profile.address)));
    set_up.emplace_back("az cloud set --name " + name);
    const std::string as_program = fmt::format("az login --service-principal --tenant {} --username", profile.tenant);
    const object sign_in{{"browser", "az login"},
                         {"deviceCode", "az login --use-device-code"},
                         {"secret", fmt::format("{} {} --password=\"$SECRET\"", as_program, profile.client_id)},
                         {"certificate", as_program + " CLIENT_ID --certificate key-and-certificate.pem"},
                         {"federatedToken", as_program + " CLIENT_ID --federated-token \"$(cat token)\""},
                         {"managedIdentity", "az login --identity"}};
    const auto line = [&](std::string_view key) { return std::string(sign_in.at(key).get_string()); };

    std::string note = "Tell az of this server, once:\n";
    for (const auto& one : set_up) note += fmt::format("\n  {}", std::string_view(one.get_string()));
    note +=
        fmt::format("\n\nSign in as one of these.\n\n"
                    "A person, in the browser, or with a code that is typed in elsewhere:\n\n  {}\n  {}\n\n"
                    "A program by its secret (here the one that berth's command line is signed in as), by a certificate, or "
                    "by a token of an issuer that it trusts:\n\n  {}\n  {}\n  {}\n\n"
                    "A managed identity, after the two exports that 'berth identity endpoint create' prints:\n\n  {}\n\n"
                    "Then work as with Azure:\n\n  az acr list --output table\n  az acr login --name NAME\n\n"
                    "Login servers are NAME{}. az asks for the CA in every shell: keep the export with your settings. "
                    "Back to Azure: az cloud set --name AzureCloud.",
                    line("browser"), line("deviceCode"), line("secret"), line("certificate"), line("federatedToken"),
                    line("managedIdentity"), suffix);
    return Answer{.document = object{{"cloudName", name},
                                     {"address", profile.address},
                                     {"caFile", profile.address_ca_file.empty() ? boost::json::value(nullptr)
                                                                                : boost::json::value(profile.address_ca_file)},
                                     {"tenantId", profile.tenant},
                                     {"loginServerSuffix", suffix},
                                     {"setUp", std::move(set_up)},
                                     {"signIn", sign_in}},
                  .note = std::move(note)};
}

} // namespace

std::vector<Command> az_commands() {
    return {{.path = "az",
             .summary = "Print the commands that set up az, the Azure CLI, for this server",
             .arguments = {{.name = "--name", .what = "What az calls this cloud; berth when left out", .placeholder = "NAME"}},
             .examples = {"berth az", "berth az --name edge-site-1"},
             .run = az}};
}

} // namespace berth::app
