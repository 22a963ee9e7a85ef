#include "app/welcome.hpp"

#include "app/client/shell_word.hpp"

#include <fmt/format.h>

#include <iterator>

namespace berth::app {
namespace {

std::string_view without_scheme(std::string_view base) {
    const std::size_t at = base.find("://");
    return at == std::string_view::npos ? base : base.substr(at + 3);
}

} // namespace

std::string welcome_text(const BootstrapFile& file, const std::filesystem::path& data) {
    const auto& owner = file.bootstrap.owner;
    std::string out = "berth is serving.\n\n";
    auto to = std::back_inserter(out);
    if (!file.http.empty()) fmt::format_to(to, "  http           {}\n", file.http);
    if (!file.https.empty()) fmt::format_to(to, "  https          {}\n", file.https);
    if (!file.login_server.empty()) fmt::format_to(to, "  login server   {}\n", file.login_server);
    if (!file.authority_file.empty()) {
        fmt::format_to(to, "  CA to trust    {}\n", std::filesystem::absolute(file.authority_file).string());
    }
    fmt::format_to(to, "  tenant         {}\n  subscription   {}\n", file.bootstrap.tenant.value(),
                   file.bootstrap.subscription.value());
    const std::string folder = shell_word(std::filesystem::absolute(data).string());
    const std::string recover =
        fmt::format("To be Owner again, stop the server and run\n\n  berth recover --data {}\n", folder);
    if (!owner || file.owner_state == OwnerState::gone) {
        return out + "\nThe Owner that the first start made is gone. Sign in as somebody else who holds a role.\n" + recover;
    }
    const std::string client = owner->application.application_id.value();
    fmt::format_to(to, "  owner          {} (client id)\n\n", client);
    if (file.owner_state == OwnerState::without_secret) {
        return out +
               "The Owner's secret was lost, has ended or was removed: nobody can sign in with bootstrap.json. Another\n"
               "administrator can add one with 'berth principal secret add'. " +
               recover;
    }
    if (file.owner_state == OwnerState::disabled) {
        return out +
               "The Owner is disabled: nobody can sign in with bootstrap.json. Another administrator can enable it with\n"
               "'berth principal enable'. " +
               recover;
    }
    fmt::format_to(to, "Sign the command line in as the Owner:\n\n  berth login --data {}\n\n", folder);
    if (!file.for_people.empty()) out += "Set up az, the Azure CLI; this prints how:\n\n  berth az\n\n";
    if (!file.bootstrap.registry) {
        return out + "There is no registry yet. Make one:\n\n  berth registry create team1\n";
    }
    if (!file.owner_lacks.empty()) {
        fmt::format_to(to,
                       "The Owner may not push to '{0}'. It may after\n\n  berth role assignment create --assignee {1} --role "
                       "'{2}' --registry {0}\n",
                       file.bootstrap.registry->name, client, file.owner_lacks);
        return out;
    }
    const std::string secret = fmt::format("sed -n 's/.*\"clientSecret\":\"\\([^\"]*\\)\".*/\\1/p' {}",
                                           shell_word((std::filesystem::absolute(data) / "bootstrap.json").string()));
    const std::string_view host = without_scheme(file.http.empty() ? file.https : file.http);
    const bool plain = !file.http.empty();
    fmt::format_to(to,
                   "Log in, push and pull:\n\n"
                   "  {0} | docker login {1} --username {2} --password-stdin\n"
                   "  docker tag hello {1}/hello:1 && docker push {1}/hello:1 && docker pull {1}/hello:1\n\n",
                   secret, host, client);
    fmt::format_to(to,
                   "  {0} | podman login{3} {1} --username {2} --password-stdin\n"
                   "  podman push{3} hello {1}/hello:1 && podman pull{3} {1}/hello:1\n\n",
                   secret, host, client, plain ? " --tls-verify=false" : "");
    fmt::format_to(to,
                   "  {0} | skopeo login{3} {1} --username {2} --password-stdin\n"
                   "  skopeo copy{4} oci:hello:1 docker://{1}/hello:1\n"
                   "  skopeo copy{5} docker://{1}/hello:1 oci:copy:1\n",
                   secret, host, client, plain ? " --tls-verify=false" : "", plain ? " --dest-tls-verify=false" : "",
                   plain ? " --src-tls-verify=false" : "");
    return out;
}

} // namespace berth::app
