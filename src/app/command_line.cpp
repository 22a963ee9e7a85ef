#include "app/command_line.hpp"

#include "app/client/commands.hpp"
#include "app/configuration.hpp"
#include "app/route_list.hpp"
#include "app/serve.hpp"

#include <CLI/CLI.hpp>

namespace berth::app {

int run(int argc, char** argv) {
    CLI::App program("berth: a container registry that speaks Azure");
    program.set_version_flag("--version", "berth " BERTH_VERSION);
    program.require_subcommand(1);

    Configuration configuration;
    CLI::App* serve_command = program.add_subcommand("serve", "Serve a data folder until SIGTERM");
    declare_options(*serve_command, configuration);

    CLI::App* routes_command = program.add_subcommand("routes", "Print the route table with the permission of each route");
    bool markdown = false;
    routes_command->add_flag("--markdown", markdown, "As a table for a document");

    ClientCommands client_commands(program);

    CLI11_PARSE(program, argc, argv);

    if (client_commands.chosen()) return client_commands.run();

    if (*serve_command) {
        // SIGHUP: what the file and environment say now about the log level; flags stay as they were given.
        return serve(configuration, [&] {
            CLI::App again("berth");
            Configuration now;
            declare_options(*again.add_subcommand("serve"), now);
            try {
                again.parse(argc, argv);
                return now.log_level;
            } catch (const CLI::ParseError&) {
                return configuration.log_level;
            }
        });
    }
    return print_routes(markdown);
}

} // namespace berth::app
