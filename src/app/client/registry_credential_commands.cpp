#include "app/client/command_list.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/scopes.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

Answer shown(const boost::json::value& credentials) {
    const auto* passwords = find_member(credentials, "passwords");
    return {.document = credentials,
            .note = fmt::format("The user name is '{}'.", find_string(credentials, "username").value_or("")),
            .rows = passwords != nullptr ? *passwords : boost::json::array{}};
}

Result<Answer> post(Session& session, const Values& values, std::string_view action, const boost::json::value& body) {
    auto registry = registry_scope(session, values, values.text("name"));
    if (!registry) return failure(std::move(registry));
    auto credentials = session.arm("POST", fmt::format("{}/{}", *registry, action), body);
    if (!credentials) return failure(std::move(credentials));
    return shown(*credentials);
}

} // namespace

std::vector<Command> registry_credential_commands() {
    const std::vector<Column> columns = {{"name", "name"}, {"password", "value"}};
    const auto name = name_argument("Name or ARM id of the registry");
    return {
        {.path = "registry credential show",
         .summary = "Show the admin user's name and passwords",
         .arguments = joined({name}, group_arguments()),
         .examples = {"berth registry credential show berth"},
         .columns = columns,
         .run = [](Session& session, const Values& values) { return post(session, values, "listCredentials", nullptr); }},
        {.path = "registry credential regenerate",
         .summary = "Replace one of the admin user's passwords; the old one ends at once",
         .arguments = joined(
             {name, {.name = "--password", .what = "Which of the two", .required = true, .choices = {"password", "password2"}}},
             group_arguments()),
         .examples = {"berth registry credential regenerate berth --password password2"},
         .columns = columns,
         .run = [](Session& session, const Values& values) {
             return post(session, values, "regenerateCredential", boost::json::object{{"name", values.text("password")}});
         }}};
}

} // namespace berth::app
