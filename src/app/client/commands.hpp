#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace berth::app {

/// The commands that talk to a server: `login`, `principal create`, `role assignment create|list|delete`. They go over the
/// same routes as everybody else and may do what their identity may do.
class ClientCommands {
public:
    /// Declares them on the program.
    explicit ClientCommands(CLI::App& program);
    ~ClientCommands();

    /// Whether one of them was asked for.
    bool chosen() const;
    /// Runs it and returns the exit status: 0, or 1 with a message on standard error.
    int run();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace berth::app
