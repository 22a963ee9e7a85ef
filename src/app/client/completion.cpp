#include "app/client/completion.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace berth::app {
namespace {

struct Flag {
    std::string name; ///< `--output`
    bool takes_value = false;
    std::vector<std::string> choices; ///< of the value, if it has a choice
    std::string says;
};

struct Node {
    std::string path; ///< `role assignment`, empty for the program
    std::string says;
    std::vector<std::pair<std::string, std::string>> commands; ///< and what they do
    std::vector<Flag> flags;
    std::vector<std::string> choices; ///< of the positional, if it has a choice
};

// `table|json|yaml` as `commands.cpp` describes a choice, `{a,b}` as CLI11 does.
std::vector<std::string> choices_of(const CLI::Option& option) {
    std::vector<std::string> out;
    std::string type = option.get_type_name();
    const std::size_t open = type.find('{');
    if (open != std::string::npos) type = type.substr(open + 1, type.find('}') - open - 1);
    if (type.find_first_of(open != std::string::npos ? "," : "|") == std::string::npos) return out;
    for (std::size_t begin = 0; begin <= type.size();) {
        const std::size_t end = std::min(type.find_first_of("|,", begin), type.size());
        out.push_back(type.substr(begin, end - begin));
        begin = end + 1;
    }
    return out;
}

// The first sentence or clause, on one line and without what a shell would take as its own.
std::string short_text(const std::string& text) {
    std::string out;
    for (const char c : text.substr(0, text.find_first_of(";:\n"))) {
        if (c != '\'' && c != '"' && c != '`' && c != '$' && c != '\\' && c != '[' && c != ']') out += c;
    }
    return out;
}

void collect(const CLI::App& app, const std::string& path, std::vector<Node>& out) {
    Node node{.path = path, .says = short_text(app.get_description()), .commands = {}, .flags = {}, .choices = {}};
    const auto subcommands = app.get_subcommands(std::function<bool(const CLI::App*)>{});
    for (const CLI::App* command : subcommands) {
        node.commands.emplace_back(command->get_name(), short_text(command->get_description()));
    }
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_positional()) node.choices = choices_of(*option);
        for (const auto& name : option->get_lnames()) {
            node.flags.push_back({.name = "--" + name,
                                  .takes_value = option->get_items_expected_max() > 0,
                                  .choices = choices_of(*option),
                                  .says = short_text(option->get_description())});
        }
    }
    out.push_back(std::move(node));
    for (const CLI::App* command : subcommands) {
        collect(*command, path.empty() ? command->get_name() : path + ' ' + command->get_name(), out);
    }
}

std::string words(const std::vector<std::string>& list) { return fmt::format("{}", fmt::join(list, " ")); }

std::string words_of(const Node& node) {
    std::vector<std::string> out;
    for (const auto& [name, says] : node.commands) out.push_back(name);
    out.insert(out.end(), node.choices.begin(), node.choices.end());
    for (const Flag& flag : node.flags) out.push_back(flag.name);
    return words(out);
}

// Of bash and zsh: `at` becomes the command that the words before the cursor name, `reply` what can follow.
std::string case_arms(const std::vector<Node>& nodes) {
    std::string known;
    std::string values;
    std::string replies;
    std::string valued;
    for (const Node& node : nodes) {
        if (!node.path.empty()) known += fmt::format("{}'{}'", known.empty() ? "" : "|", node.path);
        replies += fmt::format("        '{}') reply='{}' ;;\n", node.path, words_of(node));
        for (const Flag& flag : node.flags) {
            if (!flag.takes_value) continue;
            if (flag.choices.empty()) {
                valued += fmt::format("{}'{} {}'", valued.empty() ? "" : "|", node.path, flag.name);
            } else {
                values += fmt::format("        '{} {}') reply='{}' ;;\n", node.path, flag.name, words(flag.choices));
            }
        }
    }
    return fmt::format("    for word in \"${{before[@]}}\"; do\n"
                       "        case \"${{at:+$at }}$word\" in\n"
                       "        {}) at=\"${{at:+$at }}$word\" ;;\n"
                       "        esac\n"
                       "        last=$word\n"
                       "    done\n"
                       "    case \"$at $last\" in\n"
                       "{}"
                       "        {}) files=yes ;;\n"
                       "        *) case \"$at\" in\n"
                       "{}"
                       "        esac ;;\n"
                       "    esac\n",
                       known, values, valued, replies);
}

std::string bash_script(const std::vector<Node>& nodes) {
    return fmt::format("# Completion of berth for bash. In ~/.bashrc: source <(berth completion bash)\n"
                       "_berth() {{\n"
                       "    local current=${{COMP_WORDS[COMP_CWORD]}} at= last= reply= files= word\n"
                       "    local before=(\"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\")\n"
                       "    COMPREPLY=()\n"
                       "{}"
                       "    [[ -n $files ]] || COMPREPLY=($(compgen -W \"$reply\" -- \"$current\"))\n"
                       "}}\n"
                       "complete -o default -F _berth berth\n",
                       case_arms(nodes));
}

std::string zsh_script(const std::vector<Node>& nodes) {
    return fmt::format("#compdef berth\n"
                       "# Completion of berth for zsh. In ~/.zshrc, after compinit: source <(berth completion zsh)\n"
                       "_berth() {{\n"
                       "    local at= last= reply= files= word\n"
                       "    local -a before\n"
                       "    before=(\"${{(@)words[2,CURRENT-1]}}\")\n"
                       "{}"
                       "    if [[ -n $files ]]; then _files; else compadd -- ${{=reply}}; fi\n"
                       "}}\n"
                       "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _berth \"$@\"; else compdef _berth berth; fi\n",
                       case_arms(nodes));
}

std::string fish_script(const std::vector<Node>& nodes) {
    std::string known;
    for (const Node& node : nodes) {
        if (!node.path.empty()) known += fmt::format(" '{}'", node.path);
    }
    std::string out =
        fmt::format("# Completion of berth for fish. In ~/.config/fish/config.fish: berth completion fish | source\n"
                    "function __berth_at\n"
                    "    set -l path ''\n"
                    "    for word in (commandline -opc)[2..-1]\n"
                    "        set -l next (string trim -- \"$path $word\")\n"
                    "        if contains -- $next{}\n"
                    "            set path $next\n"
                    "        end\n"
                    "    end\n"
                    "    test \"$path\" = \"$argv[1]\"\n"
                    "end\n"
                    "complete -c berth -f\n",
                    known);
    for (const Node& node : nodes) {
        const std::string at = fmt::format("complete -c berth -n '__berth_at \"{}\"'", node.path);
        for (const auto& [name, says] : node.commands) out += fmt::format("{} -a '{}' -d '{}'\n", at, name, says);
        if (!node.choices.empty()) out += fmt::format("{} -a '{}'\n", at, words(node.choices));
        for (const Flag& flag : node.flags) {
            std::string value;
            if (flag.takes_value) value = flag.choices.empty() ? " -r -F" : fmt::format(" -x -a '{}'", words(flag.choices));
            out += fmt::format("{} -l {}{} -d '{}'\n", at, flag.name.substr(2), value, flag.says);
        }
    }
    return out;
}

} // namespace

std::string completion_script(const CLI::App& program, std::string_view shell) {
    std::vector<Node> nodes;
    collect(program, "", nodes);
    if (shell == "zsh") return zsh_script(nodes);
    if (shell == "fish") return fish_script(nodes);
    return bash_script(nodes);
}

} // namespace berth::app
