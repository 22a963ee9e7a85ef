#include "app/client/command_list.hpp"
#include "app/client/repository_actions.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/scopes.hpp"
#include "base/strict_json.hpp"
#include "base/time.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::object;

Result<std::string> collection(Session& session, const Values& values) {
    auto registry = registry_scope(session, values, values.text("registry"));
    if (!registry) return registry;
    return *registry + "/tokens";
}

ResourceKind kind() {
    return {.command = "token",
            .noun = "token",
            .plural = "tokens",
            .where = registry_arguments(),
            .collection = collection,
            .loss = "Who logs in with its passwords is refused from now on.",
            .columns = {{"name", "name"},
                        {"status", "properties.status"},
                        {"scope map", "scopeMap"},
                        {"created", "properties.creationDate"}},
            .example_name = "hello-token",
            .example_where = " --registry berth"};
}

boost::json::value with_map(const boost::json::value& token) {
    auto out = token;
    const auto* properties = find_member(token, "properties");
    const std::string id(properties != nullptr ? find_string(*properties, "scopeMapId").value_or("") : "");
    if (out.is_object()) out.get_object()["scopeMap"] = id.substr(id.rfind('/') + 1);
    return out;
}

Answer shown(Answer answer) {
    if (answer.document.is_array()) {
        boost::json::array rows;
        for (const auto& one : answer.document.get_array()) rows.push_back(with_map(one));
        answer.rows = std::move(rows);
    } else if (answer.document.is_object()) {
        answer.rows = with_map(answer.document);
    }
    return answer;
}

Answer passwords_shown(const boost::json::value& credentials) {
    const auto* passwords = find_member(credentials, "passwords");
    return {.document = credentials,
            .note = fmt::format("The user name is '{}'. Passwords are shown this once.",
                                find_string(credentials, "username").value_or("")),
            .rows = passwords != nullptr ? *passwords : boost::json::array{}};
}

// The map's ARM id, of its name or id.
Result<std::string> scope_map_id(const std::string& registry, const std::string& name) {
    if (name.starts_with('/')) return name;
    auto segment = encode_segment(name);
    if (!segment) return segment;
    return registry + "/scopeMaps/" + *segment;
}

Result<boost::json::value> generate(Session& session, const std::string& registry, const std::string& token,
                                    const Values& values) {
    auto days = number(values, "days", 1, 36500, 0);
    if (!days) return failure(std::move(days));
    object body{{"tokenId", token}};
    if (values.given("password")) body["name"] = values.text("password");
    if (values.given("expiration")) {
        const auto until = parse_rfc3339(values.text("expiration"));
        if (!until || values.given("days")) {
            return failure(ErrorCode::invalid_parameter,
                           "--expiration takes a time like 2027-01-31T00:00:00Z, and not --days beside it.");
        }
        body["expiry"] = to_rfc3339(*until);
    }
    if (*days > 0) body["expiry"] = to_rfc3339(Clock().now() + std::chrono::days(*days));
    return session.arm("POST", registry + "/generateCredentials", std::move(body));
}

Result<std::string> make_scope_map(Session& session, const std::string& registry, const Values& values) {
    auto actions = repository_actions(values, "repository");
    if (!actions) return failure(std::move(actions));
    boost::json::array list;
    for (const auto& action : *actions) list.push_back(boost::json::value(action));
    auto id = scope_map_id(registry, values.text("name") + "-scope-map");
    if (!id) return id;
    const auto existing = session.arm("GET", *id);
    if (existing) {
        return failure(ErrorCode::conflict,
                       fmt::format("There is a scope map '{0}-scope-map' already. Use it with --scope-map {0}-scope-map.",
                                   values.text("name")));
    }
    auto made = session.arm("PUT", *id,
                            object{{"properties", object{{"description", "Made for the token " + values.text("name")},
                                                         {"actions", std::move(list)}}}});
    if (!made) return failure(std::move(made));
    return id;
}

Result<Answer> create(Session& session, const Values& values) {
    if (values.given("scope-map") == values.given("repository")) {
        return failure(ErrorCode::invalid_parameter,
                       "What may it do? Give --scope-map NAME, or --repository NAME ACTION... to make one for it.");
    }
    auto registry = registry_scope(session, values, values.text("registry"));
    if (!registry) return failure(std::move(registry));
    auto name = encode_segment(values.text("name"));
    if (!name) return failure(std::move(name));
    const std::string path = *registry + "/tokens/" + *name;
    const auto existing = session.arm("GET", path);
    if (existing) {
        return failure(
            ErrorCode::conflict,
            fmt::format("There is a token '{0}' already. Change it with 'berth token update {0}'.", values.text("name")));
    }
    auto map = values.given("scope-map") ? scope_map_id(*registry, values.text("scope-map"))
                                         : make_scope_map(session, *registry, values);
    if (!map) return failure(std::move(map));
    auto made =
        session.arm("PUT", path,
                    object{{"properties", object{{"scopeMapId", *map},
                                                 {"status", values.given("status") ? values.text("status") : "enabled"}}}});
    if (!made) return failure(std::move(made));
    const std::string id(find_string(*made, "id").value_or(path));
    if (values.given("no-passwords")) {
        return Answer{.document = std::move(*made),
                      .note = fmt::format("The token '{}' has no password yet.", values.text("name"))};
    }
    auto credentials = generate(session, *registry, id, values);
    if (!credentials) return failure(std::move(credentials));
    Answer answer = passwords_shown(*credentials);
    // az's shape: the token, with its credentials inside.
    answer.document = std::move(*made);
    if (auto* properties = answer.document.is_object() ? answer.document.get_object().if_contains("properties") : nullptr;
        properties != nullptr && properties->is_object()) {
        properties->get_object()["credentials"] = *credentials;
    }
    return answer;
}

Result<Answer> update(Session& session, const Values& values) {
    object properties;
    if (values.given("status")) properties["status"] = values.text("status");
    auto registry = registry_scope(session, values, values.text("registry"));
    if (!registry) return failure(std::move(registry));
    if (values.given("scope-map")) {
        auto map = scope_map_id(*registry, values.text("scope-map"));
        if (!map) return failure(std::move(map));
        properties["scopeMapId"] = *map;
    }
    if (properties.empty()) {
        return failure(ErrorCode::invalid_parameter, "What shall change? Give --scope-map or --status.");
    }
    auto path = locate(kind(), session, values);
    if (!path) return failure(std::move(path));
    auto changed = session.arm("PATCH", *path, object{{"properties", std::move(properties)}});
    if (!changed) return failure(std::move(changed));
    return shown(Answer{.document = std::move(*changed)});
}

Result<Answer> generate_credentials(Session& session, const Values& values) {
    auto registry = registry_scope(session, values, values.text("registry"));
    if (!registry) return failure(std::move(registry));
    auto path = locate(kind(), session, values);
    if (!path) return failure(std::move(path));
    auto credentials = generate(session, *registry, *path, values);
    if (!credentials) return failure(std::move(credentials));
    return passwords_shown(*credentials);
}

} // namespace

std::vector<Command> token_commands() {
    const ResourceKind tokens = kind();
    const Argument map = {.name = "--scope-map", .what = "Name or ARM id of a scope map", .placeholder = "MAP"};
    const Argument status = {.name = "--status", .what = "Whether it lets in", .choices = {"enabled", "disabled"}};
    const std::vector<Argument> lifetime = {
        {.name = "--days", .what = "How long its passwords hold; for ever when left out", .placeholder = "DAYS"},
        {.name = "--expiration", .what = "The same as a time: 2027-01-31T00:00:00Z", .placeholder = "TIME"}};
    const std::vector<Column> passwords = {{"name", "name"}, {"password", "value"}, {"expires", "expiry"}};
    std::vector<Command> out = {
        {.path = "token create",
         .summary = "Make a token: a login for some repositories that is nobody in the directory",
         .arguments = joined(joined({name_argument("5 to 50 letters, digits and dashes; the user name"),
                                     map,
                                     repository_argument("--repository", "Make a scope map of this for it"),
                                     status,
                                     {.name = "--no-passwords", .what = "Without passwords yet", .kind = Argument::Kind::flag}},
                                    lifetime),
                             registry_arguments()),
         .examples = {"berth token create hello-token --registry berth --repository hello content/read --days 30",
                      "berth token create hello-token --registry berth --scope-map _repositories_pull"},
         .columns = passwords,
         .run = create}};
    for (Command& command : standard_commands(tokens)) {
        command.run = [run = std::move(command.run)](Session& session, const Values& values) -> Result<Answer> {
            auto answer = run(session, values);
            if (!answer) return answer;
            return shown(std::move(*answer));
        };
        out.push_back(std::move(command));
    }
    out.push_back({.path = "token update",
                   .summary = "Give a token another scope map, or let it in no more; it counts from the next request",
                   .arguments = joined({name_argument("Its name"), map, status}, registry_arguments()),
                   .examples = {"berth token update hello-token --registry berth --status disabled"},
                   .columns = tokens.columns,
                   .run = update});
    out.push_back(
        {.path = "token credential generate",
         .summary = "Make passwords of a token, shown once; those of before end",
         .arguments =
             joined(joined({name_argument("Its name"),
                            {.name = "--password", .what = "Only this one of the two", .choices = {"password1", "password2"}}},
                           lifetime),
                    registry_arguments()),
         .examples = {"berth token credential generate hello-token --registry berth --password password1 --days 30"},
         .columns = passwords,
         .run = generate_credentials});
    return out;
}

} // namespace berth::app
