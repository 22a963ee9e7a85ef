#include "app/client/commands.hpp"

#include "app/client/assignments.hpp"
#include "app/client/profile.hpp"
#include "app/client/session.hpp"
#include "base/strict_json.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace berth::app {
namespace {

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

Result<Session> signed_in_session() {
    auto profile = load_profile();
    if (!profile) return failure(std::move(profile));
    return Session(std::move(*profile));
}

struct LoginOptions {
    std::string data;
    std::string server;
    std::string client_id;
    std::string ca_file;
    std::string tenant;
};

Result<Profile> profile_from_data_folder(const std::string& data) {
    const auto path = std::filesystem::path(data) / "bootstrap.json";
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto json = parse_json(text);
    const auto* owner = json ? find_member(*json, "owner") : nullptr;
    const auto secret = owner != nullptr ? find_string(*owner, "clientSecret") : std::nullopt;
    if (!secret) {
        return failure(ErrorCode::not_found,
                       fmt::format("'{}' cannot be read or holds no secret. Has 'berth serve --data {}' run, and does the "
                                   "folder belong to you?",
                                   path.string(), data));
    }
    const auto http = find_string(*json, "http");
    return Profile{.server = std::string(http ? *http : find_string(*json, "https").value_or("")),
                   .ca_file = http ? "" : std::string(find_string(*json, "caFile").value_or("")),
                   .tenant = std::string(find_string(*json, "tenantId").value_or("")),
                   .subscription = std::string(find_string(*json, "subscriptionId").value_or("")),
                   .client_id = std::string(find_string(*owner, "clientId").value_or("")),
                   .client_secret = Secret(std::string(*secret))};
}

Result<void> login(const LoginOptions& options) {
    Profile profile;
    if (!options.data.empty()) {
        auto read = profile_from_data_folder(options.data);
        if (!read) return failure(std::move(read));
        profile = std::move(*read);
    } else {
        if (options.server.empty() || options.client_id.empty()) {
            return failure(ErrorCode::invalid_parameter,
                           "Say where and as whom: --data DIR, or --server URL and --client-id ID with the secret on "
                           "standard input.");
        }
        std::string secret;
        std::getline(std::cin, secret);
        profile = {.server =
                       options.server.ends_with('/') ? options.server.substr(0, options.server.size() - 1) : options.server,
                   .ca_file = options.ca_file,
                   .tenant = options.tenant,
                   .subscription = {},
                   .client_id = options.client_id,
                   .client_secret = Secret(std::move(secret))};
    }
    Session session(std::move(profile));
    if (auto signed_in = session.sign_in(); !signed_in) return signed_in;
    if (auto saved = save_profile(session.profile()); !saved) return saved;
    print(fmt::format("Signed in to {} as {}.\n", session.profile().server, session.profile().client_id));
    return {};
}

struct CreateOptions {
    std::string name;
    std::string role;
    std::string scope;
    std::string registry;
    bool json = false;
};

Result<void> create_principal(const CreateOptions& options) {
    auto session = signed_in_session();
    if (!session) return failure(std::move(session));
    auto application = session->graph("POST", "/applications", boost::json::object{{"displayName", options.name}});
    if (!application) return failure(std::move(application));
    const std::string client_id(find_string(*application, "appId").value_or(""));
    auto principal = session->graph("POST", "/servicePrincipals", boost::json::object{{"appId", client_id}});
    if (!principal) return failure(std::move(principal));
    const std::string object_id(find_string(*principal, "id").value_or(""));
    auto password = session->graph("POST", "/servicePrincipals/" + object_id + "/addPassword", boost::json::object{});
    if (!password) return failure(std::move(password));
    const std::string secret(find_string(*password, "secretText").value_or(""));

    std::string role_line;
    if (!options.role.empty()) {
        auto scope = resolve_scope(*session, options.scope, options.registry);
        if (!scope) return failure(std::move(scope));
        auto assigned = create_assignment(*session, *scope, options.role, object_id);
        if (!assigned) return failure(std::move(assigned));
        role_line = fmt::format("role          {} at {}\n", options.role, *scope);
    }
    if (options.json) {
        print(boost::json::serialize(boost::json::object{
                  {"displayName", options.name}, {"clientId", client_id}, {"objectId", object_id}, {"clientSecret", secret}}) +
              "\n");
    } else {
        print(fmt::format("name          {}\nclient id     {}\nobject id     {}\nclient secret {}\n{}"
                          "The secret is shown this once.\n",
                          options.name, client_id, object_id, secret, role_line));
    }
    return {};
}

struct AssignmentOptions {
    std::string assignee;
    std::string role;
    std::string scope;
    std::string registry;
    bool json = false;
};

Result<void> assign(const AssignmentOptions& options) {
    auto session = signed_in_session();
    if (!session) return failure(std::move(session));
    auto scope = resolve_scope(*session, options.scope, options.registry);
    if (!scope) return failure(std::move(scope));
    auto made = create_assignment(*session, *scope, options.role, options.assignee);
    if (!made) return failure(std::move(made));
    print(options.json ? boost::json::serialize(*made) + "\n"
                       : fmt::format("'{}' now holds {} at {}; it counts from the next request.\n", options.assignee,
                                     options.role, *scope));
    return {};
}

Result<void> list(const AssignmentOptions& options) {
    auto session = signed_in_session();
    if (!session) return failure(std::move(session));
    auto scope = resolve_scope(*session, options.scope, options.registry);
    if (!scope) return failure(std::move(scope));
    auto assignments = list_assignments(*session, *scope, options.assignee);
    if (!assignments) return failure(std::move(assignments));
    if (options.json) {
        print(boost::json::serialize(*assignments) + "\n");
        return {};
    }
    auto definitions = session->arm("GET", *scope + "/providers/Microsoft.Authorization/roleDefinitions");
    if (!definitions) return failure(std::move(definitions));
    std::map<std::string, std::string, std::less<>> role_names; // by GUID
    if (const auto* items = find_member(*definitions, "value"); items != nullptr && items->is_array()) {
        for (const auto& item : items->get_array()) {
            const auto* properties = find_member(item, "properties");
            if (properties == nullptr) continue;
            role_names.emplace(find_string(item, "name").value_or(""), find_string(*properties, "roleName").value_or(""));
        }
    }
    print(fmt::format("{:<36}  {:<16}  {:<40}  {}\n", "PRINCIPAL", "TYPE", "ROLE", "SCOPE"));
    for (const auto& item : *assignments) {
        const auto* properties = find_member(item, "properties");
        if (properties == nullptr) continue;
        const auto definition = find_string(*properties, "roleDefinitionId").value_or("");
        const auto guid = definition.substr(definition.rfind('/') + 1);
        const auto name = role_names.find(guid);
        print(fmt::format("{:<36}  {:<16}  {:<40}  {}\n", find_string(*properties, "principalId").value_or(""),
                          find_string(*properties, "principalType").value_or(""),
                          name != role_names.end() ? std::string_view(name->second) : guid,
                          find_string(*properties, "scope").value_or("")));
    }
    return {};
}

Result<void> unassign(const AssignmentOptions& options) {
    auto session = signed_in_session();
    if (!session) return failure(std::move(session));
    auto scope = resolve_scope(*session, options.scope, options.registry);
    if (!scope) return failure(std::move(scope));
    auto deleted = delete_assignments(*session, *scope, options.role, options.assignee);
    if (!deleted) return failure(std::move(deleted));
    print(fmt::format("'{}' no longer holds {} at {}; it counts from the next request.\n", options.assignee, options.role,
                      *scope));
    return {};
}

} // namespace

struct ClientCommands::State {
    LoginOptions login_options;
    CreateOptions create_options;
    AssignmentOptions assignment_options;
    std::function<Result<void>()> chosen;
};

ClientCommands::ClientCommands(CLI::App& program) : state_(std::make_unique<State>()) {
    State& state = *state_;
    const auto choose = [&state](std::function<Result<void>()> action) { return [&state, action] { state.chosen = action; }; };
    const auto add_scope = [](CLI::App& command, std::string& scope, std::string& registry) {
        auto* option = command.add_option("--scope", scope, "ARM id to assign at; the subscription by default");
        command.add_option("--registry", registry, "Name of a registry to assign at")->excludes(option);
    };

    auto& login_command = *program.add_subcommand("login", "Sign in to a server for the commands below");
    login_command.add_option("--data", state.login_options.data, "Data folder of a server on this machine: as its Owner");
    login_command.add_option("--server", state.login_options.server, "Base address: https://registry.example.com");
    login_command.add_option("--client-id", state.login_options.client_id,
                             "Client id of a service principal; its secret is read from standard input");
    login_command.add_option("--tenant", state.login_options.tenant, "Tenant id; found by itself when left out");
    login_command.add_option("--ca-file", state.login_options.ca_file, "CA to trust, as bootstrap.json names it");
    login_command.callback(choose([&state] { return login(state.login_options); }));

    auto& principal = *program.add_subcommand("principal", "Service principals");
    principal.require_subcommand(1);
    auto& create = *principal.add_subcommand("create", "Create a service principal with a secret");
    create.add_option("name", state.create_options.name, "Display name")->required();
    create.add_option("--role", state.create_options.role, "Assign this role, too");
    add_scope(create, state.create_options.scope, state.create_options.registry);
    create.add_flag("--json", state.create_options.json, "Print JSON");
    create.callback(choose([&state] { return create_principal(state.create_options); }));

    auto& role = *program.add_subcommand("role", "Roles");
    role.require_subcommand(1);
    auto& assignment = *role.add_subcommand("assignment", "Role assignments");
    assignment.require_subcommand(1);
    AssignmentOptions& options = state.assignment_options;
    const auto add = [&](const std::string& name, const std::string& what, bool needs_role,
                         Result<void> (*action)(const AssignmentOptions&)) {
        auto& command = *assignment.add_subcommand(name, what);
        auto* assignee =
            command.add_option("--assignee", options.assignee, "Client id, object id, user principal name or display name");
        if (needs_role) {
            assignee->required();
            command.add_option("--role", options.role, "Name or id of a role: AcrPull")->required();
        }
        add_scope(command, options.scope, options.registry);
        command.add_flag("--json", options.json, "Print JSON");
        command.callback(choose([&options, action] { return action(options); }));
    };
    add("create", "Assign a role", true, assign);
    add("list", "List assignments at, above and below a scope", false, list);
    add("delete", "Take a role away", true, unassign);
}

ClientCommands::~ClientCommands() = default;

bool ClientCommands::chosen() const { return static_cast<bool>(state_->chosen); }

int ClientCommands::run() {
    const auto done = state_->chosen();
    if (done) return 0;
    std::fputs(fmt::format("berth: {}\n", done.error().message).c_str(), stderr);
    return 1;
}

} // namespace berth::app
