#pragma once

#include "load/script.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace load {

/// What came of a run.
struct Outcome {
    std::uint64_t operations = 0;
    std::uint64_t requests = 0;
    double seconds = 0;
    std::vector<std::uint32_t> microseconds; ///< from request to answer, sorted

    /// The latency that the given part of all requests did not exceed.
    std::uint32_t percentile(double part) const;
};

/// A connection to the port on loopback; `fail`s if there is nobody.
int connect_to(std::uint16_t port);

/// Runs one script per connection until all have ended or, with the current requests answered, the time is over.
Outcome run_scripts(const Target& target, std::vector<std::unique_ptr<Script>> scripts, std::chrono::duration<double> most);

} // namespace load
