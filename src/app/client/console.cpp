#include "app/client/console.hpp"

#include <fmt/format.h>

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>

namespace berth::app {
namespace {

constexpr std::size_t longest_text = 2 * 1024 * 1024;

// While it lives, a terminal does not show what is typed.
class Unseen {
public:
    Unseen() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
    }
    ~Unseen() {
        if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    Unseen(const Unseen&) = delete;
    Unseen& operator=(const Unseen&) = delete;

private:
    termios before_{};
    bool changed_ = false;
};

Result<std::string> read_stream(std::istream& in, const std::string& name) {
    std::string out;
    std::string chunk(64 * 1024, '\0');
    while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || in.gcount() > 0) {
        out.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
        if (out.size() > longest_text) {
            return failure(ErrorCode::payload_too_large, fmt::format("'{}' is longer than {} bytes.", name, longest_text));
        }
    }
    return out;
}

// The first line, without its end.
std::string first_line(const std::string& text) {
    std::string line = text.substr(0, text.find('\n'));
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return line;
}

} // namespace

Result<void> confirm(const Values& values, const std::string& question) {
    if (values.given("yes")) return {};
    if (isatty(STDIN_FILENO) == 0) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("{} There is no terminal to ask at: say --yes to do it. Nothing was done.", question));
    }
    std::fputs(fmt::format("{} [y/N] ", question).c_str(), stderr);
    std::string line;
    std::getline(std::cin, line);
    if (line == "y" || line == "Y" || line == "yes" || line == "Yes") return {};
    return failure(ErrorCode::conflict, "Nothing was done.");
}

Result<Secret> read_secret(const std::string& file, const char* variable, std::string_view prompt) {
    std::string line;
    const char* environment = std::getenv(variable);
    if (!file.empty()) {
        auto text = read_text(file);
        if (!text) return failure(std::move(text));
        line = first_line(*text);
    } else if (environment != nullptr) {
        line = environment;
    } else if (isatty(STDIN_FILENO) != 0) {
        std::fputs(std::string(prompt).c_str(), stderr);
        const Unseen unseen;
        std::getline(std::cin, line);
        std::fputs("\n", stderr);
    } else {
        std::getline(std::cin, line);
        line = first_line(line);
    }
    if (line.empty()) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("There is no secret: give it on standard input, in a file (--secret-file FILE) or in the "
                                   "environment variable {}.",
                                   variable));
    }
    return Secret(std::move(line));
}

Result<std::string> read_text(const std::string& file) {
    if (file == "-") return read_stream(std::cin, "standard input");
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        return failure(ErrorCode::not_found, fmt::format("'{}' cannot be read: {}.", file, std::strerror(errno)));
    }
    return read_stream(in, file);
}

} // namespace berth::app
