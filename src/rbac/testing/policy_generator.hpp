#pragma once

#include "rbac/policy.hpp"
#include "rbac/testing/naive_evaluator.hpp"

#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace berth::rbac::testing {

/// A policy with its conditions as trees, by the texts that they have in the policy.
struct GeneratedPolicy {
    PolicyInput input;
    NaiveConditions conditions;
};

struct GeneratedRequest {
    Guid principal;
    std::vector<Guid> links{}; ///< what else stands for the principal
    Operation operation;
    Scope scope;
    std::string repository;
    std::optional<AssignmentAttributes> requested;
    std::optional<AssignmentAttributes> existing;
    std::vector<SecurityAttribute> security_attributes;
    std::string now; ///< RFC 3339; empty for none

    Subject subject() const noexcept { return {principal, links}; }
    /// As the policy takes it. Views into this.
    Attributes attributes() const;
    /// As the naive evaluator takes it.
    NaiveRequest naive() const;
};

/// Random policies and requests, of few of each kind, so that they meet often. The same seed makes the same ones.
class PolicyGenerator {
public:
    explicit PolicyGenerator(std::uint64_t seed) : engine_(seed) {}

    GeneratedPolicy policy();
    /// Changes one record of it.
    void change(GeneratedPolicy& policy);
    GeneratedRequest request(const PolicyInput& policy);

private:
    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_); }
    bool one_in(std::size_t n) { return below(n) == 0; }
    const auto& any_of(const auto& items) {
        return *std::next(std::begin(items), static_cast<std::ptrdiff_t>(below(std::size(items))));
    }

    Guid principal();
    Guid group();
    Guid link();
    Guid role();
    Operation operation();
    std::string scramble(std::string text);
    std::string management_group();
    std::string scope();
    std::string pattern(bool data_action);
    std::vector<std::string> patterns(bool data_action, std::size_t most);

    ConditionPointer condition(NaiveConditions& known);
    NaiveCondition condition_tree(std::size_t depth);
    NaiveCondition comparison();
    Permission permission(NaiveConditions& known);
    RoleDefinition role_definition(std::size_t number, NaiveConditions& known);
    RoleAssignment assignment(std::size_t number, NaiveConditions& known);
    DenyAssignment deny_assignment(std::size_t number);
    std::vector<DeniedPrincipal> denied_principals(std::size_t most, bool excluded);

    std::mt19937_64 engine_;
};

} // namespace berth::rbac::testing
