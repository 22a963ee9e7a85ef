#include "app/client/commands.hpp"

#include "app/client/command_document.hpp"
#include "app/client/command_list.hpp"
#include "app/client/completion.hpp"
#include "app/client/console.hpp"
#include "app/client/output.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace berth::app {
namespace {

struct Branch {
    std::string_view path;
    std::string_view says;
};
constexpr Branch branches[] = {
    {"subscription", "Subscriptions: what resource groups lie in"},
    {"management-group", "Management groups: what subscriptions lie in"},
    {"management-group subscription", "Which subscriptions lie in a management group"},
    {"resource-group", "Resource groups: what registries lie in"},
    {"lock", "What nobody may delete or change"},
    {"user", "Users: people who sign in"},
    {"identity", "Managed identities: who programs are without a secret of their own"},
    {"identity federated-credential", "Whose tokens sign in as a managed identity"},
    {"registry", "Registries"},
    {"registry credential", "The admin user's passwords"},
    {"principal", "Service principals: who programs sign in as"},
    {"principal secret", "Secrets of service principals"},
    {"group", "Groups"},
    {"group member", "Who is in a group"},
    {"role", "Roles, and who holds them"},
    {"role definition", "What roles allow"},
    {"role assignment", "Who holds which role where"},
    {"deny-assignment", "What is forbidden whatever roles allow"},
    {"token", "Tokens: logins for some repositories"},
    {"token credential", "Passwords of tokens"},
    {"scope-map", "What tokens may do in which repositories"},
};

std::string_view about(std::string_view path) {
    for (const Branch& branch : branches) {
        if (branch.path == path) return branch.says;
    }
    return "";
}

// The subcommand of that path, made with all that lead to it.
CLI::App& command_at(CLI::App& program, const std::string& path, const std::string& summary) {
    CLI::App* at = &program;
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find(' ', begin), path.size());
        const std::string word = path.substr(begin, end - begin);
        const auto found = at->get_subcommands([&](CLI::App* one) { return one->get_name() == word; });
        CLI::App* next = found.empty() ? nullptr : found.front();
        if (next == nullptr) {
            const bool leaf = end == path.size();
            next = at->add_subcommand(word, leaf ? summary : std::string(about(path.substr(0, end))));
            if (!leaf) next->require_subcommand(1);
        }
        at = next;
        begin = end + 1;
    }
    return *at;
}

CLI::Option* declare(CLI::App& command, const Argument& argument) {
    using Kind = Argument::Kind;
    if (argument.kind == Kind::flag) return command.add_flag(argument.name, argument.what);
    CLI::Option* option = command.add_option(argument.name, [](const CLI::results_t&) { return true; }, argument.what);
    option->type_name(argument.placeholder);
    if (argument.kind != Kind::text) {
        option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
        option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        option->inject_separator(argument.kind == Kind::groups);
    }
    if (!argument.choices.empty()) {
        option->type_name(fmt::format("{}", fmt::join(argument.choices, "|")));
        option->check(CLI::IsMember(argument.choices).description(""));
    }
    if (argument.required) option->required();
    return option;
}

// Where the option came several times, CLI11 puts "%%" between what came each time.
Values::Occurrences occurrences(const CLI::Option& option) {
    Values::Occurrences out;
    bool begins = true;
    for (const auto& text : option.results()) {
        if (option.get_inject_separator() && (text == "%%" || text.empty())) {
            begins = true;
            continue;
        }
        if (begins) out.emplace_back();
        begins = false;
        out.back().push_back(text);
    }
    return out;
}

std::string examples_text(const std::vector<std::string>& examples) {
    std::string out = "Examples:";
    for (const auto& example : examples) out += "\n  " + example;
    return out;
}

int fail(const Error& error) {
    std::fputs(fmt::format("berth: {}\n", printable(error.message, true)).c_str(), stderr);
    return error.code == ErrorCode::invalid_parameter ? ExitStatus::usage : ExitStatus::refused;
}

// The deepest command that was named.
const CLI::App& named_command(const CLI::App& program) {
    const CLI::App* at = &program;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
    return *at;
}

std::string path_of(const CLI::App& command) {
    return command.get_parent() == nullptr ? "berth" : path_of(*command.get_parent()) + ' ' + command.get_name();
}

// What is wrong, in words; CLI11 does not say which word was no command.
std::string what_is_wrong(const CLI::App& command, const CLI::App& program, const CLI::ParseError& error) {
    const auto below = command.get_subcommands(std::function<bool(const CLI::App*)>{});
    if (below.empty()) return error.what();
    std::string names;
    for (const CLI::App* one : below) names += (names.empty() ? "" : ", ") + one->get_name();
    const auto left = program.remaining(true);
    return fmt::format("{} There are {}.",
                       left.empty() ? "Which command?" : fmt::format("There is no command '{}'.", left.front()), names);
}

} // namespace

struct ClientCommands::State {
    struct Declared {
        Command command;
        CLI::App* app = nullptr;
        std::vector<std::pair<std::string, CLI::Option*>> options;
    };
    std::vector<Declared> declared;

    void declare_command(CLI::App& program, Command command) {
        CLI::App& app = command_at(program, command.path, command.summary);
        Declared one{.command = std::move(command), .app = &app, .options = {}};
        const auto add = [&](const Argument& argument) { one.options.emplace_back(argument.key(), declare(app, argument)); };
        for (const Argument& argument : one.command.arguments) add(argument);
        add({.name = "-o,--output",
             .what = "How to show the answer; table when left out",
             .choices = {"table", "json", "yaml"}});
        add({.name = "--json", .what = "The same as --output json", .kind = Argument::Kind::flag});
        if (!one.command.question.empty() || one.command.may_ask) {
            add({.name = "-y,--yes", .what = "Do not ask", .kind = Argument::Kind::flag});
        }
        app.footer(examples_text(one.command.examples));
        declared.push_back(std::move(one));
    }
};

ClientCommands::ClientCommands(CLI::App& program) : state_(std::make_unique<State>()) {
    program.get_formatter()->column_width(34);
    for (Command& command : client_commands()) state_->declare_command(program, std::move(command));
    for (Command& command : own_commands(program)) state_->declare_command(program, std::move(command));
    program.footer("'berth COMMAND --help' says more of each, with examples. The exit status is 0 when it was done, 1 when it\n"
                   "failed or was refused, 2 when the command line is wrong.");
}

ClientCommands::~ClientCommands() = default;

bool ClientCommands::chosen() const {
    return std::ranges::any_of(state_->declared, [](const auto& one) { return one.app->parsed(); });
}

int ClientCommands::run() {
    const auto one = std::ranges::find_if(state_->declared, [](const auto& each) { return each.app->parsed(); });
    Values values;
    for (const auto& [key, option] : one->options) {
        if (option->count() > 0) values.set(key, occurrences(*option));
    }
    const Command& command = one->command;
    if (!command.question.empty()) {
        auto sure = confirm(values, fmt::format(fmt::runtime(command.question), values.text("name")));
        if (!sure) return fail(sure.error());
    }
    const auto answer = [&]() -> Result<Answer> {
        if (command.run_alone) return command.run_alone(values);
        auto profile = load_profile();
        if (!profile) return failure(std::move(profile));
        Session session(std::move(*profile));
        return command.run(session, values);
    }();
    if (!answer) return fail(answer.error());
    const std::string format = values.given("json") ? "json" : values.given("output") ? values.text("output") : "table";
    const std::string text = render(*answer, command.columns, format);
    const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
    if (written) return answer->refuses ? ExitStatus::refused : ExitStatus::done;
    return fail({ErrorCode::storage_full, "It was done, but standard output cannot be written."});
}

int end_of_parsing(const CLI::App& program, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);
    const CLI::App& command = named_command(program);
    const std::string wrong = printable(what_is_wrong(command, program, error), true);
    std::fputs(fmt::format("berth: {}\nSee '{} --help'.\n", wrong, path_of(command)).c_str(), stderr);
    return ExitStatus::usage;
}

} // namespace berth::app
