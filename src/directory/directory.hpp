#pragma once

#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::directory {

/// The directory as Graph shows it. Its routes may outlive it.
class Directory {
public:
    explicit Directory(gateway::Services services) : services_(services) {}

    std::vector<gateway::Route> routes() const;

private:
    gateway::Services services_;
};

} // namespace berth::directory
