#pragma once

namespace berth::app {

/// Runs the program with its arguments and returns its exit status.
int run(int argc, char** argv);

} // namespace berth::app
