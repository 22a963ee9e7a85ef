#pragma once

#include "rbac/policy.hpp"

#include <set>
#include <string>

namespace berth::rbac::testing {

/// Azure's algorithm of role assignments as the documents tell it, word for word and without any preparation: text is
/// compared as text, groups are collected by going over all memberships until nothing new turns up. Slow and plain, so
/// that the compiled policy has something to be measured against that shares no code with it.
class NaiveEvaluator {
public:
    explicit NaiveEvaluator(const PolicyInput& input) : input_(input) {}

    bool allows(const std::string& principal, const std::string& action, bool is_data_action, const std::string& scope) const;
    /// Whether this assignment grants that to somebody who holds it.
    bool grants(const RoleAssignment& assignment, const std::string& action, bool is_data_action,
                const std::string& scope) const;
    /// The principal and all groups it is in.
    std::set<std::string> identities(const std::string& principal) const;
    static bool covers(const std::string& above, const std::string& below);

private:
    const PolicyInput& input_;
};

} // namespace berth::rbac::testing
