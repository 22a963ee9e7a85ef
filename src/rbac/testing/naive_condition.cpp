#include "rbac/testing/naive_condition.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>

namespace berth::rbac::testing {
namespace {

using Side = NaiveCondition::Side;

bool begins(const std::string& text, const std::string& with) { return text.rfind(with, 0) == 0; }
bool ends(const std::string& text, const std::string& with) {
    return text.size() >= with.size() && text.compare(text.size() - with.size(), with.size(), with) == 0;
}

// `*`, `?`, and a backslash that takes away their meaning.
bool like(const char* pattern, const char* text) {
    if (*pattern == '\0') return *text == '\0';
    if (*pattern == '*') return like(pattern + 1, text) || (*text != '\0' && like(pattern, text + 1));
    if (*text == '\0') return false;
    if (*pattern == '?') return like(pattern + 1, text + 1);
    if (*pattern == '\\' && pattern[1] != '\0' && std::string("*?\\'").find(pattern[1]) != std::string::npos) ++pattern;
    return *pattern == *text && like(pattern + 1, text + 1);
}

// The five kinds of values, each brought to a form in which texts can be compared. What is none of the kind has no form.
std::optional<std::string> as_guid(const std::string& value) {
    if (value.size() != 36) return std::nullopt;
    return folded(value);
}
std::optional<std::string> as_boolean(const std::string& value) {
    auto out = folded(value);
    if (out != "true" && out != "false") return std::nullopt;
    return out;
}
std::optional<std::string> as_date_time(const std::string& value) { // the generator writes them in one form only
    if (value.size() != 20 || value[10] != 'T' || value.back() != 'Z') return std::nullopt;
    return value;
}
std::optional<double> as_number(const std::string& value) { // halves and whole numbers, which a double holds exactly
    char* end = nullptr;
    const double out = std::strtod(value.c_str(), &end);
    if (value.empty() || *end != '\0' || !(std::isdigit(static_cast<unsigned char>(value[0])) || value[0] == '-')) {
        return std::nullopt;
    }
    return out;
}

template <class Value>
std::optional<bool> ordered(const std::string& relation, const std::optional<Value>& left, const std::optional<Value>& right) {
    if (!left || !right) return std::nullopt;
    if (relation == "Equals") return *left == *right;
    if (relation == "NotEquals") return *left != *right;
    if (relation == "LessThan") return *left < *right;
    if (relation == "LessThanEquals") return *left <= *right;
    if (relation == "GreaterThan") return *left > *right;
    if (relation == "GreaterThanEquals") return *left >= *right;
    return std::nullopt;
}

bool compares(std::string op, std::string left, std::string right) {
    if (begins(op, "Numeric")) return ordered(op.substr(7), as_number(left), as_number(right)).value_or(false);
    if (begins(op, "DateTime")) return ordered(op.substr(8), as_date_time(left), as_date_time(right)).value_or(false);
    if (begins(op, "Guid")) return ordered(op.substr(4), as_guid(left), as_guid(right)).value_or(false);
    if (begins(op, "Bool")) return ordered(op.substr(4), as_boolean(left), as_boolean(right)).value_or(false);
    if (ends(op, "IgnoreCase")) {
        op.resize(op.size() - 10);
        left = folded(left);
        right = folded(right);
    }
    if (op == "StringEquals") return left == right;
    if (op == "StringNotEquals") return left != right;
    if (op == "StringStartsWith") return begins(left, right);
    if (op == "StringNotStartsWith") return !begins(left, right);
    if (op == "StringLike") return like(right.c_str(), left.c_str());
    if (op == "StringNotLike") return !like(right.c_str(), left.c_str());
    std::abort(); // no such operator
}

std::vector<std::string> values_of(const Side& side, const NaiveAttributes& attributes) {
    if (side.attribute.empty()) return side.values;
    auto found = attributes.find(folded(side.attribute));
    return found == attributes.end() ? std::vector<std::string>() : found->second;
}

bool holds_comparison(const NaiveCondition& condition, const NaiveAttributes& attributes) {
    const auto lefts = values_of(condition.left, attributes);
    const auto rights = values_of(condition.right, attributes);
    if (lefts.empty() || rights.empty()) return false;
    if (condition.quantifier.empty()) {
        return lefts.size() == 1 && rights.size() == 1 && compares(condition.op, lefts[0], rights[0]);
    }
    std::size_t lefts_that_fit = 0;
    for (const auto& left : lefts) {
        std::size_t rights_that_fit = 0;
        for (const auto& right : rights) rights_that_fit += compares(condition.op, left, right) ? 1 : 0;
        const bool fits = ends(condition.quantifier, "OfAllValues") ? rights_that_fit == rights.size() : rights_that_fit > 0;
        lefts_that_fit += fits ? 1 : 0;
    }
    return begins(condition.quantifier, "ForAll") ? lefts_that_fit == lefts.size() : lefts_that_fit > 0;
}

std::string quoted(const std::string& value, bool is_pattern) {
    std::string out = "'";
    for (char c : value) {
        // A pattern has its backslashes already, those before a quote among them.
        if (!is_pattern && (c == '\'' || c == '\\')) out += '\\';
        out += c;
    }
    return out + "'";
}

std::string print_side(const Side& side, const std::string& op, bool is_right) {
    if (!side.attribute.empty()) return side.attribute;
    std::string out;
    for (const auto& value : side.values) {
        if (!out.empty()) out += ", ";
        const bool bare = begins(op, "Numeric") || begins(op, "Guid") || begins(op, "Bool");
        out += bare ? value : quoted(value, is_right && op.find("Like") != std::string::npos);
    }
    return side.braces ? "{" + out + "}" : out;
}

} // namespace

std::string folded(std::string text) {
    for (auto& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

bool wild(const char* pattern, const char* text) {
    if (*pattern == '\0') return *text == '\0';
    if (*pattern == '*') return wild(pattern + 1, text) || (*text != '\0' && wild(pattern, text + 1));
    return *pattern == *text && wild(pattern + 1, text + 1);
}

std::string NaiveCondition::print(unsigned style) const {
    auto in_parentheses = [&](const NaiveCondition& part) {
        auto inner = part.print(style / 3 + 1);
        const bool needed = part.kind == Kind::all_of || part.kind == Kind::any_of;
        return needed || style % 3 == 0 ? "(" + inner + ")" : inner;
    };
    const std::string space = style % 5 == 0 ? "\n  " : " ";
    switch (kind) {
    case Kind::all_of:
    case Kind::any_of: {
        const std::vector<std::string> words =
            kind == Kind::all_of ? std::vector<std::string>{"AND", "and", "&&"} : std::vector<std::string>{"OR", "or", "||"};
        std::string out;
        for (const auto& part : parts) {
            if (!out.empty()) out += space + words[style % 3] + space;
            out += in_parentheses(part);
        }
        return out;
    }
    case Kind::negation: return (style % 2 == 0 ? "NOT " : "!") + in_parentheses(parts[0]);
    case Kind::action_matches: return "ActionMatches{" + quoted(text, false) + "}";
    case Kind::sub_operation_matches: return "SubOperationMatches{" + quoted(text, false) + "}";
    case Kind::exists: return "Exists" + space + text;
    case Kind::comparison:
        return print_side(left, op, false) + space + (quantifier.empty() ? "" : quantifier + ":") + op + space +
               print_side(right, op, true);
    }
    std::abort();
}

bool NaiveCondition::holds(const std::string& action, const NaiveAttributes& attributes) const {
    std::size_t held = 0;
    for (const auto& part : parts) held += part.holds(action, attributes) ? 1 : 0;
    switch (kind) {
    case Kind::all_of: return held == parts.size();
    case Kind::any_of: return held > 0;
    case Kind::negation: return held == 0;
    case Kind::action_matches: return wild(folded(text).c_str(), folded(action).c_str());
    case Kind::sub_operation_matches: return false;
    case Kind::exists: return attributes.contains(folded(text));
    case Kind::comparison: return holds_comparison(*this, attributes);
    }
    std::abort();
}

} // namespace berth::rbac::testing
