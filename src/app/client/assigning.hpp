#pragma once

#include "app/client/names.hpp"

namespace berth::app {

/// What an assignment says beyond who, what and where.
struct AssignmentTerms {
    std::string condition;
    std::string description;
};

/// Assigns a role (name, GUID or ARM id) at a scope and returns the assignment as ARM shows it.
Result<boost::json::value> assign_role(Session& session, const std::string& scope, const std::string& role,
                                       const DirectoryName& principal, const AssignmentTerms& terms);

/// How a person is told of a scope: the subscription is not an empty text, `/` is.
std::string spoken_scope(const std::string& scope);

} // namespace berth::app
