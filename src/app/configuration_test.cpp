#include "app/configuration.hpp"

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace berth::app {
namespace {

Configuration parse(std::vector<std::string> arguments) {
    CLI::App program;
    Configuration configuration;
    declare_options(program, configuration);
    std::ranges::reverse(arguments);
    program.parse(arguments);
    const auto read = read_file(program, configuration);
    EXPECT_TRUE(read) << read.error().message;
    return configuration;
}

TEST(Configuration, FlagsGoBeforeEnvironmentAndThatBeforeTheFile) {
    const auto path = std::filesystem::path(testing::TempDir()) / "berth-configuration-test.toml";
    std::ofstream(path) << "domain = \"from-file\"\nhttp = \"127.0.0.1:1\"\nlocation = \"from-file\"\n";
    ::setenv("BERTH_HTTP", "127.0.0.1:2", 1);
    ::setenv("BERTH_LOCATION", "from-environment", 1);
    const auto c = parse({"--config", path.string(), "--location", "from-flag"});
    ::unsetenv("BERTH_HTTP");
    ::unsetenv("BERTH_LOCATION");
    std::filesystem::remove(path);
    EXPECT_EQ(c.domain, "from-file");
    EXPECT_EQ(c.http, "127.0.0.1:2");
    EXPECT_EQ(c.location, "from-flag");
}

TEST(Configuration, AFileThatIsWrongIsRefused) {
    const auto path = std::filesystem::path(testing::TempDir()) / "berth-configuration-wrong.toml";
    for (const std::string text :
         {"loops = many", "colour = \"blue\"", "[section]\nhttp = \"off\"", "log-level = \"loud\"", "config = \"other\""}) {
        std::ofstream(path) << text << "\n";
        CLI::App program;
        Configuration configuration;
        declare_options(program, configuration);
        configuration.config = path;
        EXPECT_FALSE(read_file(program, configuration)) << text;
    }
    std::filesystem::remove(path);
    CLI::App program;
    Configuration configuration;
    declare_options(program, configuration);
    configuration.config = path;
    EXPECT_FALSE(read_file(program, configuration)) << "a file that is not there";
}

TEST(Configuration, IsCheckedBeforeAnythingStarts) {
    struct Case {
        std::vector<std::string> arguments;
        std::string_view message; // part of it; empty: good
    };
    const Case cases[] = {
        {{}, ""},
        {{"--http", "[::1]:5000"}, ""},
        {{"--http", "0.0.0.0:5000"}, "--allow-plain-http"},
        {{"--http", "0.0.0.0:5000", "--allow-plain-http"}, ""},
        {{"--http", "127.evil.example:5000"}, "--allow-plain-http"},
        {{"--http", "off", "--https", "off"}, "no way in"},
        {{"--tls-key", "x"}, "belong together"},
        {{"--external-url", "berth=https://registry.example.com:8443/"}, ""},
        {{"--external-url", "registry.example.com"}, "--external-url"},
        {{"--external-url", "berth=ftp://registry.example.com"}, "--external-url"},
        {{"--external-url", "berth=https://registry.example.com/path"}, "--external-url"},
        {{"--external-url", "berth=https://user@registry.example.com"}, "--external-url"},
        {{"--domain", "Registry.example.com:443"}, ""},
        {{"--domain", "https://registry.example.com"}, "--domain"},
        {{"--domain", "*.example.com"}, "--domain"},
        {{"--registry-name", "no"}, "--registry-name"},
        {{"--resource-group", "ends."}, "--resource-group"},
    };
    for (const Case& c : cases) {
        const auto checked = check(parse(c.arguments));
        const std::string shown = testing::PrintToString(c.arguments);
        ASSERT_EQ(checked.has_value(), c.message.empty()) << shown;
        if (!checked) {
            EXPECT_NE(checked.error().message.find(c.message), std::string::npos) << checked.error().message;
        }
    }
    EXPECT_THROW(parse({"--log-level", "loud"}), CLI::ParseError);
    EXPECT_THROW(parse({"--drain-seconds", "-1"}), CLI::ParseError);
}

TEST(Configuration, EverySettingStandsInTheDocument) {
    std::ifstream in(std::filesystem::path(BERTH_SOURCE_DIR) / "docs" / "configuration.md");
    const std::string document{std::istreambuf_iterator<char>(in), {}};
    CLI::App program;
    Configuration configuration;
    declare_options(program, configuration);
    for (const CLI::Option* option : program.get_options()) {
        if (option->get_name() == "--help") continue;
        const std::string row = "| `" + option->get_name() + "` | `" + option->get_envname() + "` |";
        EXPECT_NE(document.find(row), std::string::npos) << row;
        const std::string value = option->get_default_str();
        if (!value.empty() && value != "[]" && value != "\"\"" && value != "{}") {
            const std::size_t at = document.find(row);
            const std::string line = document.substr(at, document.find('\n', at) - at);
            EXPECT_NE(line.find(value), std::string::npos) << option->get_name() << " is " << value << " in " << line;
        }
    }
}

} // namespace
} // namespace berth::app
