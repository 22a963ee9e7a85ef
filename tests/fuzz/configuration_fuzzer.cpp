// The file that --config names, and the settings that are texts with a grammar of their own. Whatever it says is taken or
// refused with a message.

#include "app/configuration.hpp"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth;
    CLI::App command;
    app::Configuration configuration;
    app::declare_options(command, configuration);
    std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
    if (auto read = app::read_settings(command, in); !read) {
        if (read.error().message.empty()) std::abort();
        return 0;
    }
    configuration.outbound_ca.clear(); // would be looked for on the disk
    const auto checked = app::check(configuration);
    if (!checked) {
        if (checked.error().message.empty()) std::abort();
        return 0;
    }
    // What the check let through, the start does not refuse.
    if (!app::parse_external_urls(configuration) || !app::parse_sign_in_provider(configuration) ||
        !app::parse_limits(configuration) || !app::parse_trusted_issuers(configuration))
        std::abort();
    return 0;
}
