#pragma once

#include "rbac/operation.hpp"
#include "rbac/scope.hpp"

#include <string_view>

namespace berth::rbac {

/// What a request is about, for conditions. The seam for Azure's attributes; the repository's name is the one that
/// registries have.
struct Attributes {
    std::string_view repository; ///< `Microsoft.ContainerRegistry/registries/repositories:name`, or empty
};

/// A request as the condition of an assignment sees it.
struct ConditionRequest {
    Operation operation;
    const Scope& scope;
    const Attributes& attributes;
};

/// Whether a condition that is written on an assignment lets this request pass. This version evaluates no conditions:
/// none ever holds, so an assignment that has one grants nothing rather than too much.
bool condition_holds(std::string_view condition, const ConditionRequest& request) noexcept;

} // namespace berth::rbac
