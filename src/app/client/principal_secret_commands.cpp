#include "app/client/command_list.hpp"
#include "app/client/names.hpp"
#include "app/client/resource_kind.hpp"
#include "base/percent.hpp"
#include "base/strict_json.hpp"
#include "base/time.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::object;

// A principal signs in with secrets of its own and of its application; people see them as one list.
struct Holder {
    std::string path; ///< `/servicePrincipals/{id}` or `/applications/{id}`
    boost::json::array secrets;
};

boost::json::array secrets_of(const boost::json::value& entity) {
    const auto* secrets = find_member(entity, "passwordCredentials");
    return secrets != nullptr && secrets->is_array() ? secrets->get_array() : boost::json::array{};
}

Result<std::vector<Holder>> holders(Session& session, const Values& values) {
    auto named = resolve_name(session, values.text("name"), Wanted::service_principal);
    if (!named) return failure(std::move(named));
    const std::string path = "/servicePrincipals/" + named->id;
    auto principal = session.graph("GET", path);
    if (!principal) return failure(std::move(principal));
    std::vector<Holder> out = {{path, secrets_of(*principal)}};
    auto applications =
        session.list_graph("/applications?$filter=" + percent_encode("appId eq " + odata_text(named->client_id)));
    if (!applications) return failure(std::move(applications));
    for (const auto& application : *applications) {
        out.push_back({"/applications/" + std::string(find_string(application, "id").value_or("")), secrets_of(application)});
    }
    return out;
}

Result<Answer> list(Session& session, const Values& values) {
    auto all = holders(session, values);
    if (!all) return failure(std::move(all));
    boost::json::array secrets;
    for (const Holder& holder : *all) {
        for (const auto& secret : holder.secrets) secrets.push_back(secret);
    }
    return Answer{.document = std::move(secrets)};
}

Result<Answer> add(Session& session, const Values& values) {
    auto days = number(values, "days", 1, 36500, 730);
    if (!days) return failure(std::move(days));
    auto named = resolve_name(session, values.text("name"), Wanted::service_principal);
    if (!named) return failure(std::move(named));
    object credential{{"endDateTime", to_rfc3339(Clock().now() + std::chrono::days(*days))}};
    if (values.given("display-name")) credential["displayName"] = values.text("display-name");
    auto added = session.graph("POST", fmt::format("/servicePrincipals/{}/addPassword", named->id),
                               object{{"passwordCredential", std::move(credential)}});
    if (!added) return failure(std::move(added));
    object document{{"clientId", named->client_id},
                    {"clientSecret", find_string(*added, "secretText").value_or("")},
                    {"keyId", find_string(*added, "keyId").value_or("")},
                    {"endDateTime", find_string(*added, "endDateTime").value_or("")}};
    return Answer{.document = std::move(document), .note = "The secret is shown this once."};
}

Result<Answer> remove(Session& session, const Values& values) {
    auto all = holders(session, values);
    if (!all) return failure(std::move(all));
    const std::string key = values.text("key-id");
    for (const Holder& holder : *all) {
        for (const auto& secret : holder.secrets) {
            if (find_string(secret, "keyId") != key) continue;
            auto removed = session.graph("POST", holder.path + "/removePassword", object{{"keyId", key}});
            if (!removed) return failure(std::move(removed));
            return Answer{.note = fmt::format("The secret {} of '{}' ended.", key, values.text("name"))};
        }
    }
    return failure(ErrorCode::not_found, fmt::format("'{0}' has no secret with the key id '{1}'. 'berth principal secret list "
                                                     "{0}' shows them.",
                                                     values.text("name"), key));
}

} // namespace

std::vector<Command> principal_secret_commands() {
    const auto name = name_argument("Display name, client id or object id");
    return {{.path = "principal secret add",
             .summary = "Give a service principal another secret, shown once",
             .arguments = {name,
                           {.name = "--days", .what = "How long it holds; 730 when left out", .placeholder = "DAYS"},
                           {.name = "--display-name", .what = "What it is for"}},
             .examples = {"berth principal secret add ci-puller --days 90"},
             .columns =
                 {{"client id", "clientId"}, {"client secret", "clientSecret"}, {"key id", "keyId"}, {"ends", "endDateTime"}},
             .run = add},
            {.path = "principal secret list",
             .summary = "List the secrets of a service principal, without their values",
             .arguments = {name},
             .examples = {"berth principal secret list ci-puller"},
             .columns = {{"key id", "keyId"},
                         {"begins with", "hint"},
                         {"starts", "startDateTime"},
                         {"ends", "endDateTime"},
                         {"for", "displayName"}},
             .run = list},
            {.path = "principal secret remove",
             .summary = "End a secret of a service principal at once",
             .arguments = {name, {.name = "key-id", .what = "As 'principal secret list' shows it", .required = true}},
             .examples = {"berth principal secret remove ci-puller 11111111-2222-3333-4444-555555555555"},
             .question = "Remove a secret of '{}'? Who signs in with it is refused from now on.",
             .run = remove}};
}

} // namespace berth::app
