#include "app/client/command_document.hpp"

#include "app/client/completion.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <functional>
#include <sstream>

namespace berth::app {
namespace {

using Visit = std::function<void(const CLI::App&, const std::string& path)>;

std::vector<const CLI::App*> below(const CLI::App& app) { return app.get_subcommands(std::function<bool(const CLI::App*)>{}); }

// Every command that does something, in the order of help.
void walk(const CLI::App& app, const std::string& path, const Visit& visit) {
    const auto commands = below(app);
    if (commands.empty()) visit(app, path);
    for (const CLI::App* command : commands) walk(*command, path + ' ' + command->get_name(), visit);
}

// What nearly every command takes, and the document says once.
bool is_common(const CLI::Option& option) {
    const std::string name = option.get_name();
    return name == "--help" || name == "--output" || name == "--yes" ||
           (name == "--json" && option.get_description() == "The same as --output json");
}

std::string escaped(std::string text) {
    for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, "\\");
    return text;
}

std::string usage(const CLI::Option& option) {
    if (option.get_positional()) return fmt::format("`{}`", option.get_name(true));
    const std::string type = option.get_items_expected_max() > 0 ? " " + option.get_type_name() : "";
    return fmt::format("`{}{}`", option.get_name(false, true), escaped(type));
}

} // namespace

std::string command_document(const CLI::App& program) {
    std::string out;
    walk(program, "berth", [&](const CLI::App& app, const std::string& path) {
        out += fmt::format("### {}\n\n{}.\n\n", path, app.get_description());
        std::string rows;
        for (const CLI::Option* option : app.get_options()) {
            if (is_common(*option)) continue;
            rows += fmt::format("| {} | {}{} |\n", usage(*option), escaped(option->get_description()),
                                option->get_required() ? " (required)" : "");
        }
        if (!rows.empty()) out += "| argument | what it says |\n| --- | --- |\n" + rows + '\n';
        // The footer is a line that says "Examples:" and the examples, each indented.
        std::istringstream footer(app.get_footer());
        std::string line;
        std::string examples;
        while (std::getline(footer, line)) {
            if (line.starts_with("  ")) examples += line.substr(2) + '\n';
        }
        if (!examples.empty()) out += "```\n" + examples + "```\n\n";
    });
    return out;
}

std::vector<Command> own_commands(const CLI::App& program) {
    return {
        {.path = "completion",
         .summary = "Print a script that completes commands in a shell",
         .arguments = {{.name = "shell", .what = "The shell it is for", .required = true, .choices = {"bash", "zsh", "fish"}}},
         .examples = {"berth completion bash > ~/.local/share/bash-completion/completions/berth"},
         .run_alone = [&program](const Values& values) -> Result<Answer> {
             std::string script = completion_script(program, values.text("shell"));
             script.pop_back(); // notes end in a line break of their own
             return Answer{.note = std::move(script)};
         }},
        {.path = "commands",
         .summary = "List every command",
         .arguments = {{.name = "--markdown", .what = "All of their help, for a document", .kind = Argument::Kind::flag}},
         .examples = {"berth commands"},
         .columns = {{"command", "command"}, {"what it does", "summary"}},
         .run_alone = [&program](const Values& values) -> Result<Answer> {
             if (values.given("markdown")) {
                 std::string text = command_document(program);
                 text.pop_back();
                 return Answer{.note = std::move(text)};
             }
             boost::json::array rows;
             walk(program, "berth", [&](const CLI::App& app, const std::string& path) {
                 rows.push_back(boost::json::object{{"command", path}, {"summary", app.get_description()}});
             });
             return Answer{.document = std::move(rows)};
         }}};
}

} // namespace berth::app
