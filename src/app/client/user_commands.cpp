#include "app/client/command_list.hpp"
#include "app/client/console.hpp"
#include "app/client/names.hpp"
#include "app/client/resource_kind.hpp"
#include "base/random.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::object;

Result<std::string> collection(Session&, const Values&) { return std::string("/users"); }

Result<std::string> item(Session& session, const Values& values) {
    auto user = resolve_name(session, values.text("name"), Wanted::user);
    if (!user) return failure(std::move(user));
    return "/users/" + user->id;
}

ResourceKind kind() {
    return {.command = "user",
            .noun = "user",
            .plural = "users",
            .plane = ResourceKind::Plane::graph,
            .collection = collection,
            .item = item,
            .name_says = "User name, display name or object id",
            .loss = "Their access ends at once.",
            .columns = {{"user name", "userPrincipalName"},
                        {"name", "displayName"},
                        {"object id", "id"},
                        {"enabled", "accountEnabled"}},
            .example_name = "ada@example.org"};
}

Argument password_file() {
    return {.name = "--password-file",
            .what = "File that holds the password, - for standard input; berth makes one up and shows it when left out",
            .placeholder = "FILE"};
}

struct Password {
    Secret text;
    bool made_up = false;
};

Result<Password> password_of(const Values& values) {
    if (!values.given("password-file")) return Password{random_secret(), true};
    auto read = read_secret(values.text("password-file"), "", "Password: ");
    if (!read) return failure(std::move(read));
    return Password{std::move(*read), false};
}

object profile_of(const Password& password) {
    return {{"password", password.text.reveal()}, {"forceChangePasswordNextSignIn", false}};
}

Result<Answer> create(Session& session, const Values& values) {
    auto password = password_of(values);
    if (!password) return failure(std::move(password));
    const std::string name = values.text("name");
    auto made = session.graph(
        "POST", "/users",
        object{{"accountEnabled", true},
               {"userPrincipalName", name},
               {"displayName", values.given("display-name") ? values.text("display-name") : name.substr(0, name.find('@'))},
               {"mailNickname", name.substr(0, name.find('@'))},
               {"passwordProfile", profile_of(*password)}});
    if (!made) return failure(std::move(made));
    Answer answer{.document = std::move(*made)};
    if (password->made_up && answer.document.is_object()) {
        answer.document.get_object()["password"] = password->text.reveal();
        answer.note = "The password is shown this once.";
    }
    return answer;
}

Result<Answer> reset(Session& session, const Values& values) {
    auto path = item(session, values);
    if (!path) return failure(std::move(path));
    auto password = password_of(values);
    if (!password) return failure(std::move(password));
    auto changed = session.graph("PATCH", *path, object{{"passwordProfile", profile_of(*password)}});
    if (!changed) return failure(std::move(changed));
    Answer answer{.document = object{{"name", values.text("name")}}};
    if (password->made_up) answer.document.get_object()["password"] = password->text.reveal();
    answer.note = password->made_up ? "The password is shown this once; the old one is no good any more."
                                    : "The old password is no good any more.";
    return answer;
}

Result<Answer> set_enabled(Session& session, const Values& values, bool enabled) {
    auto path = item(session, values);
    if (!path) return failure(std::move(path));
    auto changed = session.graph("PATCH", *path, object{{"accountEnabled", enabled}});
    if (!changed) return failure(std::move(changed));
    return Answer{.note = fmt::format("'{}' is {}; it counts from the next request.", values.text("name"),
                                      enabled ? "enabled" : "disabled")};
}

} // namespace

std::vector<Command> user_commands() {
    const ResourceKind users = kind();
    auto with_password = users.columns;
    with_password.push_back({"password", "password"});
    const auto name = name_argument(users.name_says);
    std::vector<Command> out;
    out.push_back({.path = "user create",
                   .summary = "Make a user: a person who signs in with a password",
                   .arguments = {name_argument("User name, such as ada@example.org"),
                                 {.name = "--display-name", .what = "The user name's first part when left out"},
                                 password_file()},
                   .examples = {"berth user create ada@example.org --display-name 'Ada Lovelace'",
                                "berth user create ada@example.org --password-file - < password.txt"},
                   .columns = with_password,
                   .run = create});
    for (Command& command : standard_commands(users)) out.push_back(std::move(command));
    out.push_back({.path = "user reset-password",
                   .summary = "Give a user another password",
                   .arguments = {name, password_file()},
                   .examples = {"berth user reset-password ada@example.org"},
                   .columns = {{"name", "name"}, {"password", "password"}},
                   .run = reset});
    out.push_back({.path = "user enable",
                   .summary = "Let a user in again",
                   .arguments = {name},
                   .examples = {"berth user enable ada@example.org"},
                   .run = [](Session& session, const Values& values) { return set_enabled(session, values, true); }});
    out.push_back({.path = "user disable",
                   .summary = "Keep a user out, with tokens that they have, too",
                   .arguments = {name},
                   .examples = {"berth user disable ada@example.org"},
                   .run = [](Session& session, const Values& values) { return set_enabled(session, values, false); }});
    return out;
}

} // namespace berth::app
