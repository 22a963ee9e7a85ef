#pragma once

#include "base/secret.hpp"

#include <cstddef>
#include <span>

namespace berth {

/// Fills `out` with bytes fit for keys. Ends the process if the system has none to give: nothing safe could follow.
void fill_random(std::span<std::byte> out);

/// A generated secret: 40 characters of the URL-safe alphabet, 240 bits, never beginning with `-` (command lines take
/// that for an option).
Secret random_secret();

} // namespace berth
