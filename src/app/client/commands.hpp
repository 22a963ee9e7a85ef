#pragma once

#include <memory>

namespace CLI {
class App;
class ParseError;
} // namespace CLI

namespace berth::app {

/// What a command ends with.
struct ExitStatus {
    static constexpr int done = 0;
    static constexpr int refused = 1; ///< the server or the machine refused, or it was not found
    static constexpr int usage = 2;   ///< the command line is wrong
};

/// The commands that talk to a server, sign-in and `recover` among them. They go over the same routes as everybody else and
/// may do what their identity may do.
class ClientCommands {
public:
    /// Declares them on the program; call it last, so that completion knows the program's other commands too.
    explicit ClientCommands(CLI::App& program);
    ~ClientCommands();

    /// Whether one of them was asked for.
    bool chosen() const;
    /// Runs it and returns the exit status; what went wrong is on standard error.
    int run();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Prints help where it was asked for, else what is wrong with the command line; returns the exit status.
int end_of_parsing(const CLI::App& program, const CLI::ParseError& error);

} // namespace berth::app
