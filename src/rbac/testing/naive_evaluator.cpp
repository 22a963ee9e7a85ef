#include "rbac/testing/naive_evaluator.hpp"

#include <cctype>
#include <vector>

namespace berth::rbac::testing {
namespace {

std::string folded(std::string text) {
    for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

// By recursion on the pattern: a star is nothing, or one character and a star.
bool wild(const char* pattern, const char* text) {
    if (*pattern == '\0') return *text == '\0';
    if (*pattern == '*') return wild(pattern + 1, text) || (*text != '\0' && wild(pattern, text + 1));
    return *pattern == *text && wild(pattern + 1, text + 1);
}

bool any_matches(const std::vector<std::string>& patterns, const std::string& action) {
    bool out = false;
    for (const auto& pattern : patterns) out = out || wild(folded(pattern).c_str(), folded(action).c_str());
    return out;
}

std::vector<std::string> segments(const std::string& scope) {
    std::vector<std::string> out(1);
    for (char c : folded(scope)) {
        if (c == '/') {
            out.emplace_back();
        } else {
            out.back() += c;
        }
    }
    std::erase(out, "");
    return out;
}

} // namespace

bool NaiveEvaluator::covers(const std::string& above, const std::string& below) {
    auto upper = segments(above);
    auto lower = segments(below);
    if (upper.size() > lower.size()) return false;
    lower.resize(upper.size());
    return upper == lower;
}

std::set<std::string> NaiveEvaluator::identities(const std::string& principal) const {
    std::set<std::string> out{principal};
    for (std::size_t before = 0; before != out.size();) {
        before = out.size();
        for (const auto& membership : input_.memberships) {
            if (out.contains(membership.member.value())) out.insert(membership.group.value());
        }
    }
    return out;
}

bool NaiveEvaluator::grants(const RoleAssignment& assignment, const std::string& action, bool is_data_action,
                            const std::string& scope) const {
    if (!covers(assignment.scope.value(), scope)) return false;
    if (assignment.condition) return false;
    std::vector<const RoleDefinition*> candidates;
    for (const auto& role : built_in_roles()) candidates.push_back(&role);
    for (const auto& role : input_.custom_roles) candidates.push_back(&role);
    for (const auto* role : candidates) {
        if (role->id != assignment.role_definition) continue;
        for (const auto& permission : role->permissions) {
            const auto& included = is_data_action ? permission.data_actions : permission.actions;
            const auto& excluded = is_data_action ? permission.not_data_actions : permission.not_actions;
            if (any_matches(included, action) && !any_matches(excluded, action)) return true;
        }
        return false; // ids are unique, and a built-in role's cannot be taken
    }
    return false;
}

bool NaiveEvaluator::allows(const std::string& principal, const std::string& action, bool is_data_action,
                            const std::string& scope) const {
    auto ids = identities(principal);
    for (const auto& assignment : input_.assignments) {
        if (ids.contains(assignment.principal.value()) && grants(assignment, action, is_data_action, scope)) return true;
    }
    return false;
}

} // namespace berth::rbac::testing
