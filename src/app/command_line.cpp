#include "app/command_line.hpp"

namespace berth::app {

int run(int, char**) { return 0; }

} // namespace berth::app
