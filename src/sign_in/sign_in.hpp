#pragma once

#include "gateway/route.hpp"
#include "gateway/services.hpp"

#include <vector>

namespace berth::sign_in {

/// Signing in as Entra's clients do: token endpoints, what describes them. Its routes may outlive it.
class SignIn {
public:
    explicit SignIn(gateway::Services services) : services_(services) {}

    std::vector<gateway::Route> routes() const;

private:
    gateway::Services services_;
};

} // namespace berth::sign_in
