#include "app/client/commands.hpp"

#include "app/client/command_list.hpp"
#include "app/client/completion.hpp"

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include <set>

namespace berth::app {
namespace {

// A line as a shell splits it: words, single quotes; what follows `<` or `>` is not the command's.
std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> out;
    std::string word;
    bool quoted = false;
    bool begun = false;
    for (const char c : line + ' ') {
        if (c == '\'') {
            quoted = !quoted;
            begun = true;
        } else if (c == ' ' && !quoted) {
            if (begun) out.push_back(std::exchange(word, ""));
            begun = false;
        } else {
            word += c;
            begun = true;
        }
    }
    const auto redirection = std::ranges::find_if(out, [](const std::string& one) { return one == "<" || one == ">"; });
    out.erase(redirection, out.end());
    return out;
}

// Parses without running anything; the message of what is wrong, or empty.
std::string parse(const std::string& line) {
    CLI::App program("berth");
    program.require_subcommand(1);
    const ClientCommands commands(program);
    auto words = words_of(line);
    EXPECT_EQ(words.front(), "berth") << line;
    words.erase(words.begin());
    std::ranges::reverse(words); // as CLI11 wants them
    try {
        program.parse(words);
    } catch (const CLI::ParseError& error) {
        return error.what();
    }
    return commands.chosen() ? "" : "nothing was chosen";
}

TEST(CommandsTest, EveryCommandSaysWhatItDoesAndItsExamplesParse) {
    std::set<std::string> paths;
    for (const Command& command : client_commands()) {
        EXPECT_TRUE(paths.insert(command.path).second) << command.path;
        EXPECT_FALSE(command.summary.empty()) << command.path;
        EXPECT_FALSE(command.examples.empty()) << command.path;
        EXPECT_NE(static_cast<bool>(command.run), static_cast<bool>(command.run_alone)) << command.path;
        for (const auto& example : command.examples) {
            EXPECT_TRUE(example.starts_with("berth " + command.path)) << example;
            EXPECT_EQ(parse(example), "") << example;
        }
        std::set<std::string> keys = {"output", "json", "yes", "help"};
        for (const Argument& argument : command.arguments) {
            EXPECT_TRUE(keys.insert(argument.key()).second) << command.path << ": " << argument.name;
            EXPECT_FALSE(argument.what.empty()) << command.path << ": " << argument.name;
        }
    }
}

TEST(CommandsTest, DestructiveCommandsAsk) {
    for (const Command& command : client_commands()) {
        const bool destroys = command.path.ends_with(" delete") || command.path == "principal secret remove" ||
                              command.path == "subscription cancel";
        EXPECT_EQ(!command.question.empty() || command.may_ask, destroys) << command.path;
    }
}

TEST(CommandsTest, WhatIsMissingOrUnknownIsNamed) {
    for (const auto& [line, word] : std::initializer_list<std::pair<const char*, const char*>>{
             {"berth role assignment create --role AcrPull", "--assignee"},
             {"berth registry create", "name"},
             {"berth registry create a b", "b"},
             {"berth registry list --nonsense", "--nonsense"},
             {"berth registry list --output xml", "xml"},
             {"berth registry update r --permissions both", "both"},
             {"berth registry show one --resource-group a --resource-group b", "--resource-group"},
             {"berth completion tcsh", "tcsh"}}) {
        EXPECT_NE(parse(line).find(word), std::string::npos) << line << ": " << parse(line);
    }
}

TEST(CommandsTest, AnUnknownCommandIsNamedWithThoseThatThereAre) {
    for (const auto& [words, said] : std::initializer_list<std::pair<std::vector<std::string>, const char*>>{
             {{"nothing"}, "There is no command 'nothing'. There are login, "},
             {{"nothing", "registry"}, "There is no command 'nothing'. There are create, "},
             {{}, "Which command? There are login, "}}) {
        CLI::App program("berth", "berth");
        program.require_subcommand(1);
        const ClientCommands commands(program);
        auto reversed = words;
        try {
            program.parse(reversed);
            ADD_FAILURE() << said;
        } catch (const CLI::ParseError& error) {
            testing::internal::CaptureStderr();
            EXPECT_EQ(end_of_parsing(program, error), ExitStatus::usage);
            EXPECT_NE(testing::internal::GetCapturedStderr().find(said), std::string::npos) << said;
        }
    }
}

TEST(CommandsTest, CompletionKnowsTheWholeTree) {
    CLI::App program("berth");
    program.add_subcommand("serve", "Serve");
    const ClientCommands commands(program);
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const std::string script = completion_script(program, shell);
        for (const Command& command : client_commands()) {
            EXPECT_NE(script.find("'" + command.path + "'"), std::string::npos) << shell << ": " << command.path;
        }
        EXPECT_NE(script.find("serve"), std::string::npos) << shell;
        EXPECT_NE(script.find("table json yaml"), std::string::npos) << shell;
    }
}

} // namespace
} // namespace berth::app
