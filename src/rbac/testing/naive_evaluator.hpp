#pragma once

#include "rbac/policy.hpp"
#include "rbac/testing/naive_condition.hpp"

#include <optional>
#include <set>
#include <string>

namespace berth::rbac::testing {

/// A request in plain text.
struct NaiveRequest {
    std::string principal;
    std::string action;
    bool is_data_action = false;
    std::string scope;
    NaiveAttributes attributes;
    std::set<std::string> links{};         ///< what else stands for the principal
    std::optional<bool> conditions_hold{}; ///< all of them or none, whatever they say; nullopt: what they say
};

/// Azure's algorithm as the documents tell it, word for word and without any preparation: text is compared as text, groups
/// are collected by going over all memberships until nothing new turns up. Slow and plain, so that the compiled policy has
/// something to be measured against that shares no code with it.
class NaiveEvaluator {
public:
    NaiveEvaluator(const PolicyInput& input, const NaiveConditions& conditions) : input_(input), conditions_(conditions) {}

    bool allows(const NaiveRequest& request) const;
    /// Whether this deny assignment denies that to the one who asks.
    bool denies(const DenyAssignment& deny, const NaiveRequest& request) const;
    /// Whether it names the one who asks, excluded or not.
    bool names(const DenyAssignment& deny, const NaiveRequest& request) const;
    /// Whether this assignment grants that to somebody who holds it.
    bool grants(const RoleAssignment& assignment, const NaiveRequest& request) const;
    /// The principal and all groups it is in; with the request's links and the groups that these are in.
    std::set<std::string> identities(const NaiveRequest& request) const;
    /// By path or through management groups.
    bool covers(const std::string& above, const std::string& below) const;

private:
    bool holds(const ConditionPointer& condition, const NaiveRequest& request) const;

    const PolicyInput& input_;
    const NaiveConditions& conditions_;
};

} // namespace berth::rbac::testing
