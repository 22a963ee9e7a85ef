#include "app/command_line.hpp"

#include "app/client/commands.hpp"
#include "app/configuration.hpp"
#include "app/route_list.hpp"
#include "app/serve.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace berth::app {

int run(int argc, char** argv) {
    CLI::App program("berth: a container registry that speaks Azure", "berth");
    program.set_version_flag("--version", "berth " BERTH_VERSION);
    program.require_subcommand(1);

    Configuration configuration;
    CLI::App* serve_command = program.add_subcommand("serve", "Serve a data folder until SIGTERM");
    declare_options(*serve_command, configuration);

    CLI::App* routes_command = program.add_subcommand("routes", "Print the route table with the permission of each route");
    auto routes_form = RouteListForm::text;
    const auto routes_as = [&](const char* flag, RouteListForm form, const char* says) {
        return routes_command->add_flag_callback(flag, [&routes_form, form] { routes_form = form; }, says);
    };
    CLI::Option* markdown = routes_as("--markdown", RouteListForm::markdown, "As a table for a document");
    CLI::Option* json = routes_as("--json", RouteListForm::json, "For programs, with the operations of each permission");
    CLI::Option* roles = routes_as("--roles", RouteListForm::roles, "Which built-in roles grant what the routes ask for");
    json->excludes(markdown)->excludes(roles);
    markdown->excludes(roles);

    ClientCommands client_commands(program);

    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return end_of_parsing(program, error);
    }

    if (client_commands.chosen()) return client_commands.run();

    if (*serve_command) {
        if (auto read = read_file(*serve_command, configuration); !read) {
            std::fputs(fmt::format("berth: {}\n", read.error().message).c_str(), stderr);
            return 1;
        }
        // SIGHUP: what the file and environment say now about the log level; a flag stays as it was given.
        return serve(configuration, [&] {
            CLI::App again;
            Configuration now;
            CLI::App* command = again.add_subcommand("serve");
            declare_options(*command, now);
            try {
                again.parse(argc, argv);
            } catch (const CLI::ParseError&) {
                return configuration.log_level;
            }
            return read_file(*command, now) ? now.log_level : configuration.log_level;
        });
    }
    return print_routes(routes_form);
}

} // namespace berth::app
