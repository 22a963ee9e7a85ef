#include "rbac/condition_parser.hpp"

#include "base/encoding.hpp"
#include "rbac/condition_lexer.hpp"

#include <fmt/format.h>

#include <utility>

namespace berth::rbac {
namespace {

using Kind = ConditionToken::Kind;

// A side of a comparison before its operator is known.
struct RawOperand {
    ConditionToken first;
    std::optional<ConditionAttribute> attribute;
    std::vector<ConditionToken> values;
};

bool is_connective(Kind kind) { return kind == Kind::logical_and || kind == Kind::logical_or; }

bool is_boolean(const ConditionToken& token) {
    return token.kind == Kind::word && ConditionValue::read(ConditionType::boolean, token.text);
}

bool begins_operand(const ConditionToken& token) {
    switch (token.kind) {
    case Kind::attribute:
    case Kind::left_brace:
    case Kind::string:
    case Kind::number:
    case Kind::guid: return true;
    default: return is_boolean(token);
    }
}

std::string_view kind_of_value(ConditionType type) {
    switch (type) {
    case ConditionType::string: return "strings";
    case ConditionType::number: return "numbers";
    case ConditionType::date_time: return "points in time";
    case ConditionType::guid: return "GUIDs";
    case ConditionType::boolean: return "true or false";
    }
    return "";
}

std::string_view how_to_write(ConditionType type) {
    switch (type) {
    case ConditionType::string: return "a string in single quotes, such as 'name'";
    case ConditionType::number: return "a number, such as 10, without quotes";
    case ConditionType::date_time: return "a point in time in single quotes, such as '2026-11-22T21:10:27.0Z'";
    case ConditionType::guid: return "a GUID, such as 8e3af657-a8ff-443c-a75c-2fe8c4bcb635, without quotes";
    case ConditionType::boolean: return "true or false, without quotes";
    }
    return "";
}

// `\'` and `\\` stand for the character behind the backslash; any other backslash is one.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '\'' || text[i + 1] == '\\')) ++i;
        out.push_back(text[i]);
    }
    return out;
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text), lexer_(text) {}

    Result<ConditionNode> whole() {
        if (auto read = advance(); !read) return failure(std::move(read));
        auto node = expression();
        if (!node) return node;
        if (token_.kind != Kind::end) return wrong("AND, OR or the end of the condition", after_expression());
        return node;
    }

private:
    Result<void> advance() {
        auto token = lexer_.next();
        if (!token) return failure(std::move(token));
        token_ = *token;
        return {};
    }

    std::unexpected<Error> wrong_at(std::size_t offset, std::string_view what) {
        return condition_failure(text_, offset, what);
    }
    std::unexpected<Error> wrong(std::string_view expected, std::string_view advice = "") {
        return wrong_at(token_.offset, fmt::format("found {}, expected {}{}", shown(token_), expected, advice));
    }

    Result<void> take(Kind kind, std::string_view expected) {
        if (token_.kind != kind) return wrong(expected);
        return advance();
    }

    std::string_view after_expression() const {
        if (token_.kind == Kind::right_parenthesis) return "; there is no `(` for this `)`";
        return "";
    }

    // Terms joined by one connective: which of two different ones binds first is nowhere defined.
    Result<ConditionNode> expression() {
        auto first = term();
        if (!first || !is_connective(token_.kind)) return first;
        const Kind connective = token_.kind;
        std::vector<ConditionNode> operands;
        operands.push_back(std::move(*first));
        while (token_.kind == connective) {
            if (auto read = advance(); !read) return failure(std::move(read));
            auto operand = term();
            if (!operand) return operand;
            operands.push_back(std::move(*operand));
        }
        if (is_connective(token_.kind)) {
            return wrong_at(token_.offset, "AND and OR stand side by side, and which comes first is not defined; write "
                                           "(a AND b) OR c, or a AND (b OR c)");
        }
        if (connective == Kind::logical_and) return ConditionNode{AllOf{std::move(operands)}};
        return ConditionNode{AnyOf{std::move(operands)}};
    }

    Result<ConditionNode> term() {
        if (token_.kind != Kind::logical_not && token_.kind != Kind::left_parenthesis) return predicate();
        if (depth_ == deepest_condition) {
            return wrong_at(token_.offset, fmt::format("parentheses and NOT are nested more than {} deep", deepest_condition));
        }
        ++depth_;
        auto node = token_.kind == Kind::logical_not ? negation() : parenthesized();
        --depth_;
        return node;
    }

    Result<ConditionNode> negation() {
        if (auto read = advance(); !read) return failure(std::move(read));
        auto operand = term();
        if (!operand) return operand;
        return ConditionNode{Negation{std::make_unique<ConditionNode>(std::move(*operand))}};
    }

    Result<ConditionNode> parenthesized() {
        const auto open = token_.offset;
        if (auto read = advance(); !read) return failure(std::move(read));
        auto node = expression();
        if (!node) return node;
        if (token_.kind == Kind::end) return wrong_at(open, "this `(` is never closed by a `)`");
        if (auto read = take(Kind::right_parenthesis, "AND, OR or `)`"); !read) return failure(std::move(read));
        return node;
    }

    Result<ConditionNode> predicate() {
        if (token_.kind == Kind::word && !is_boolean(token_)) {
            if (equals_ignoring_case(token_.text, "ActionMatches")) {
                auto pattern = function_argument("ActionMatches{'Microsoft.ContainerRegistry/registries/*/read'}");
                if (!pattern) return failure(std::move(pattern));
                return ConditionNode{ActionMatches{std::move(*pattern)}};
            }
            if (equals_ignoring_case(token_.text, "SubOperationMatches")) {
                auto name = function_argument("SubOperationMatches{'Blob.List'}");
                if (!name) return failure(std::move(name));
                return ConditionNode{SubOperationMatches{std::move(*name)}};
            }
            if (equals_ignoring_case(token_.text, "Exists")) return exists();
        }
        if (begins_operand(token_)) return comparison();
        if (token_.kind == Kind::word && (ConditionOperator::find(token_.text) || find_quantifier(token_.text))) {
            return wrong("an attribute or a value in front of it, such as @Request[name]");
        }
        return wrong("an attribute such as @Request[name], a value, ActionMatches, SubOperationMatches, Exists, NOT or `(`");
    }

    // The one string in the braces behind a function's name.
    Result<std::string> function_argument(std::string_view example) {
        if (auto read = advance(); !read) return failure(std::move(read));
        if (auto read = take(Kind::left_brace, fmt::format("`{{`, as in {}", example)); !read) return failure(std::move(read));
        if (token_.kind != Kind::string) return wrong(fmt::format("a string in single quotes, as in {}", example));
        if (token_.text.empty())
            return wrong_at(token_.offset, fmt::format("this string is empty; write it as in {}", example));
        auto argument = unescaped(token_.text);
        if (auto read = advance(); !read) return failure(std::move(read));
        const std::string_view advice =
            token_.kind == Kind::comma ? "; it takes one string: write one more for each, joined with OR" : "";
        if (token_.kind != Kind::right_brace) return wrong("`}`", advice);
        if (auto read = advance(); !read) return failure(std::move(read));
        return argument;
    }

    Result<ConditionNode> exists() {
        if (auto read = advance(); !read) return failure(std::move(read));
        if (token_.kind != Kind::attribute) return wrong("an attribute, as in Exists @Request[name]");
        auto attribute = read_attribute();
        if (!attribute) return failure(std::move(attribute));
        return ConditionNode{Exists{std::move(*attribute)}};
    }

    Result<ConditionAttribute> read_attribute() {
        const auto bracket = token_.text.find('[');
        const auto source = token_.text.substr(1, bracket - 1);
        const auto name = token_.text.substr(bracket + 1, token_.text.size() - bracket - 2);
        auto attribute = ConditionAttribute::find(source, name);
        if (!attribute) {
            return wrong_at(token_.offset, fmt::format("`@{}` is no source of attributes; there are @Request, @Resource, "
                                                       "@Principal and @Environment",
                                                       source));
        }
        if (name.find_first_not_of(' ') == std::string_view::npos) {
            return wrong_at(token_.offset, "this attribute has no name; write it between the brackets: @Request[name]");
        }
        if (auto read = advance(); !read) return failure(std::move(read));
        return std::move(*attribute);
    }

    Result<RawOperand> operand() {
        RawOperand out{.first = token_, .attribute = {}, .values = {}};
        if (token_.kind == Kind::attribute) {
            auto attribute = read_attribute();
            if (!attribute) return failure(std::move(attribute));
            out.attribute = std::move(*attribute);
            return out;
        }
        const bool list = token_.kind == Kind::left_brace;
        if (list) {
            if (auto read = advance(); !read) return failure(std::move(read));
        }
        while (true) {
            if (!begins_operand(token_) || token_.kind == Kind::attribute || token_.kind == Kind::left_brace) {
                return wrong("a value: a string in single quotes, a number, a GUID, true or false");
            }
            if (++values_ > most_condition_values) {
                return wrong_at(token_.offset, fmt::format("this condition has more than {} values; split it into several role "
                                                           "assignments, or use StringLike",
                                                           most_condition_values));
            }
            out.values.push_back(token_);
            if (auto read = advance(); !read) return failure(std::move(read));
            if (!list) return out;
            if (token_.kind == Kind::right_brace) break;
            if (auto read = take(Kind::comma, "`,` or `}`"); !read) return failure(std::move(read));
        }
        if (auto read = advance(); !read) return failure(std::move(read));
        return out;
    }

    Result<ConditionNode> comparison() {
        auto left = operand();
        if (!left) return failure(std::move(left));
        auto quantifier = read_quantifier();
        if (!quantifier) return failure(std::move(quantifier));
        const ConditionToken op_token = token_;
        auto op = read_operator();
        if (!op) return failure(std::move(op));
        if (!begins_operand(token_)) return wrong(fmt::format("an attribute or {}", how_to_write(op->type)));
        auto right = operand();
        if (!right) return failure(std::move(right));

        if (*quantifier == ConditionQuantifier::none && (left->values.size() > 1 || right->values.size() > 1)) {
            return wrong_at(op_token.offset, fmt::format("{0} compares one value with one; with a list, say which must fit: "
                                                         "ForAnyOfAnyValues:{0}, ForAllOfAnyValues:{0}, "
                                                         "ForAnyOfAllValues:{0} or ForAllOfAllValues:{0}",
                                                         op->name));
        }
        auto typed_left = typed(std::move(*left), *op, false);
        if (!typed_left) return failure(std::move(typed_left));
        auto typed_right = typed(std::move(*right), *op, true);
        if (!typed_right) return failure(std::move(typed_right));
        return ConditionNode{ConditionComparison{
            .op = *op, .quantifier = *quantifier, .left = std::move(*typed_left), .right = std::move(*typed_right)}};
    }

    Result<ConditionQuantifier> read_quantifier() {
        if (token_.kind != Kind::word) return ConditionQuantifier::none;
        const auto quantifier = find_quantifier(token_.text);
        if (!quantifier) return ConditionQuantifier::none;
        if (auto read = advance(); !read) return failure(std::move(read));
        if (auto read = take(Kind::colon, "`:` and an operator, as in ForAnyOfAnyValues:StringEquals"); !read) {
            return failure(std::move(read));
        }
        return *quantifier;
    }

    Result<ConditionOperator> read_operator() {
        constexpr std::string_view families = "an operator that begins with String, Numeric, DateTime, Guid or Bool, such as "
                                              "StringEquals";
        if (token_.kind != Kind::word) return wrong(families);
        const auto op = ConditionOperator::find(token_.text);
        if (!op) return wrong(expected_operator(families));
        if (auto read = advance(); !read) return failure(std::move(read));
        return *op;
    }

    std::string expected_operator(std::string_view otherwise) const {
        constexpr std::pair<std::string_view, ConditionType> beginnings[] = {{"String", ConditionType::string},
                                                                             {"Numeric", ConditionType::number},
                                                                             {"DateTime", ConditionType::date_time},
                                                                             {"Guid", ConditionType::guid},
                                                                             {"Bool", ConditionType::boolean}};
        for (const auto& [beginning, type] : beginnings) {
            if (starts_with_ignoring_case(token_.text, beginning)) return ConditionOperator::names_of(type);
        }
        if (starts_with_ignoring_case(token_.text, "For")) {
            return "ForAnyOfAnyValues, ForAllOfAnyValues, ForAnyOfAllValues or ForAllOfAllValues";
        }
        return std::string(otherwise);
    }

    Result<ConditionOperand> typed(RawOperand raw, const ConditionOperator& op, bool is_right) {
        ConditionOperand out;
        if (raw.attribute) {
            const auto type = raw.attribute->type();
            if (type && *type != op.type) {
                return wrong_at(raw.first.offset, fmt::format("the values of {} are {}, and {} compares {}; use {}",
                                                              shown(raw.first), kind_of_value(*type), op.name,
                                                              kind_of_value(op.type), ConditionOperator::names_of(*type)));
            }
            out.attribute = std::move(raw.attribute);
            return out;
        }
        const bool is_pattern = op.relation == ConditionRelation::like && is_right;
        for (const auto& token : raw.values) {
            auto literal = read_literal(token, op, is_pattern);
            if (!literal) return failure(std::move(literal));
            out.literals.push_back(std::move(*literal));
        }
        return out;
    }

    Result<ConditionLiteral> read_literal(const ConditionToken& token, const ConditionOperator& op, bool is_pattern) {
        // A GUID may stand in quotes: there is nothing else it could mean.
        const bool fits = token.kind == Kind::string ? op.type == ConditionType::string ||
                                                           op.type == ConditionType::date_time || op.type == ConditionType::guid
                          : token.kind == Kind::number ? op.type == ConditionType::number
                          : token.kind == Kind::guid   ? op.type == ConditionType::guid
                                                       : op.type == ConditionType::boolean;
        auto text = token.kind == Kind::string && !is_pattern ? unescaped(token.text) : std::string(token.text);
        const auto value = fits ? ConditionValue::read(op.type, text) : std::nullopt;
        if (!value) {
            return wrong_at(token.offset, fmt::format("{} compares {}, and {} is none; write {}", op.name,
                                                      kind_of_value(op.type), shown(token), how_to_write(op.type)));
        }
        const auto number = value->number;
        return ConditionLiteral{.text = std::move(text), .number = number};
    }

    std::string_view text_;
    ConditionLexer lexer_;
    ConditionToken token_;
    std::size_t depth_ = 0;
    std::size_t values_ = 0;
};

} // namespace

Result<ConditionNode> parse_condition(std::string_view text) { return Parser(text).whole(); }

} // namespace berth::rbac
