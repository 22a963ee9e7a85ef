#include "gateway/filter.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::gateway {
namespace {

constexpr std::size_t longest_filter = 2048;
constexpr std::size_t most_terms = 32;
constexpr std::size_t most_arguments = 8;
constexpr int deepest = 16;
constexpr std::array<std::string_view, 6> operations{"eq", "ne", "gt", "ge", "lt", "le"};

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

class Parser {
public:
    /// Whether it may hold more than conditions joined by `and`.
    enum class Grammar : std::uint8_t { conditions, expression };

    Parser(std::string_view text, Grammar grammar) noexcept : text_(text), grammar_(grammar) {}

    Result<FilterExpression> parse() {
        skip_spaces();
        if (at_ == text_.size()) return FilterExpression();
        auto whole = parse_alternatives(0);
        if (!whole) return whole;
        if (at_ != text_.size()) return wrong(is_expression() ? "'and', 'or' or the end" : "'and' or the end");
        return whole;
    }

private:
    std::unexpected<Error> wrong(std::string_view expected) const {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("The $filter is not understood at character {}: {} is expected there. Conditions are "
                                   "joined by 'and'{}; text stands in single quotes.",
                                   at_ + 1, expected, is_expression() ? ", 'or' and 'not'" : ""));
    }
    bool is_expression() const noexcept { return grammar_ == Grammar::expression; }
    void skip_spaces() noexcept {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }
    bool take(char c) noexcept {
        skip_spaces();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    // The characters of a name, a path, a number, a GUID or a time.
    std::string_view take_word() noexcept {
        skip_spaces();
        const std::size_t begin = at_;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (!is_letter(c) && !is_digit(c) && c != '_' && c != '.' && c != '/' && c != '-' && c != '@') break;
            ++at_;
        }
        return text_.substr(begin, at_ - begin);
    }
    Result<std::string> take_literal() {
        skip_spaces();
        if (at_ < text_.size() && text_[at_] != '\'') {
            // Times hold colons and pluses, which no name does.
            const std::size_t begin = at_;
            while (at_ < text_.size()) {
                const char c = text_[at_];
                if (!is_letter(c) && !is_digit(c) && c != '_' && c != '.' && c != '-' && c != ':' && c != '+') break;
                ++at_;
            }
            if (at_ > begin) return std::string(text_.substr(begin, at_ - begin));
            return wrong("a value");
        }
        std::string out;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] != '\'') {
                out += text_[at_];
            } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '\'') {
                out += text_[++at_]; // a doubled quote is one
            } else {
                ++at_;
                return out;
            }
        }
        return wrong("a value in single quotes");
    }
    Result<std::string> take_operation() {
        const std::string word = to_lower(take_word());
        if (std::ranges::find(operations, std::string_view(word)) == operations.end())
            return wrong("one of eq, ne, gt, ge, lt, le");
        return word;
    }

    // Takes the word if it comes next.
    bool take_keyword(std::string_view keyword) {
        skip_spaces();
        const std::size_t before = at_;
        if (equals_ignoring_case(take_word(), keyword)) return true;
        at_ = before;
        return false;
    }

    static FilterExpression joined(FilterExpression::Kind kind, std::vector<FilterExpression> parts) {
        if (parts.size() == 1) return std::move(parts.front());
        return FilterExpression{kind, {}, std::move(parts)};
    }

    Result<FilterExpression> parse_alternatives(int depth) {
        if (depth > deepest) return wrong("fewer parentheses");
        std::vector<FilterExpression> parts;
        do {
            auto part = parse_conjunction(depth);
            if (!part) return part;
            parts.push_back(std::move(*part));
        } while (is_expression() && take_keyword("or"));
        return joined(FilterExpression::Kind::any, std::move(parts));
    }

    Result<FilterExpression> parse_conjunction(int depth) {
        std::vector<FilterExpression> parts;
        do {
            auto part = parse_part(depth);
            if (!part) return part;
            parts.push_back(std::move(*part));
        } while (take_keyword("and"));
        return joined(FilterExpression::Kind::all, std::move(parts));
    }

    Result<FilterExpression> parse_part(int depth) {
        if (take('(')) {
            auto inner = parse_alternatives(depth + 1);
            if (inner && !take(')')) return wrong("')'");
            return inner;
        }
        if (is_expression() && take_keyword("not")) {
            if (depth > deepest) return wrong("fewer 'not'");
            auto inner = parse_part(depth + 1);
            if (!inner) return inner;
            FilterExpression out{FilterExpression::Kind::none, {}, {}};
            out.parts.push_back(std::move(*inner));
            return out;
        }
        if (count_++ == most_terms) return wrong("no more than 32 conditions and the end");
        auto term = parse_term();
        if (!term) return failure(std::move(term));
        return FilterExpression{FilterExpression::Kind::term, std::move(*term), {}};
    }

    Result<FilterTerm> parse_term() {
        FilterTerm term;
        std::string_view name = take_word();
        if (name.empty() || !is_letter(name.front())) return wrong("a property or a function");
        if (!take('(')) {
            term.name = name;
            if (is_expression() && take_keyword("in")) {
                term.operation = "in";
                if (!take('(')) return wrong("'('");
                if (auto values = parse_arguments(term); !values) return failure(std::move(values));
                if (term.values.empty()) return wrong("a value");
                return term;
            }
            auto operation = take_operation();
            if (!operation) return failure(std::move(operation));
            term.operation = std::move(*operation);
            auto value = take_literal();
            if (!value) return failure(std::move(value));
            term.values.push_back(std::move(*value));
        } else if (name.ends_with("/any")) {
            name.remove_suffix(4);
            if (auto any = parse_any(term, name); !any) return failure(std::move(any));
        } else {
            term.kind = FilterTerm::Kind::function;
            term.name = name;
            if (auto arguments = parse_arguments(term); !arguments) return failure(std::move(arguments));
        }
        return term;
    }

    // `c:c eq 'x')`
    Result<void> parse_any(FilterTerm& term, std::string_view collection) {
        term.kind = FilterTerm::Kind::any;
        term.name = collection;
        const std::string_view variable = take_word();
        if (variable.empty() || variable.contains('/') || !take(':')) return wrong("a variable and ':'");
        if (take_word() != variable) return wrong("the variable");
        auto operation = take_operation();
        if (!operation) return failure(std::move(operation));
        term.operation = std::move(*operation);
        auto value = take_literal();
        if (!value) return failure(std::move(value));
        term.values.push_back(std::move(*value));
        if (!take(')')) return wrong("')'");
        return {};
    }

    Result<void> parse_arguments(FilterTerm& term) {
        if (take(')')) return {};
        do {
            if (term.values.size() == most_arguments) return wrong("')'");
            auto value = take_literal();
            if (!value) return failure(std::move(value));
            term.values.push_back(std::move(*value));
        } while (take(','));
        if (!take(')')) return wrong("',' or ')'");
        return {};
    }

    std::string_view text_;
    Grammar grammar_;
    std::size_t at_ = 0;
    std::size_t count_ = 0;
};

Result<FilterExpression> parse(std::string_view text, Parser::Grammar grammar) {
    if (text.size() > longest_filter) {
        return failure(ErrorCode::invalid_parameter, "The $filter is longer than 2048 bytes.");
    }
    return Parser(text, grammar).parse();
}

// Of conditions joined by `and`, there are no other kinds.
void collect_terms(FilterExpression& in, std::vector<FilterTerm>& out) {
    if (in.kind == FilterExpression::Kind::term) out.push_back(std::move(in.term));
    for (FilterExpression& part : in.parts) collect_terms(part, out);
}

} // namespace

bool FilterTerm::is_equality(std::string_view wanted) const noexcept {
    return kind == Kind::comparison && operation == "eq" && equals_ignoring_case(name, wanted);
}

bool FilterTerm::is_any_equality(std::string_view wanted) const noexcept {
    return kind == Kind::any && operation == "eq" && equals_ignoring_case(name, wanted);
}

bool FilterTerm::is_call(std::string_view function, std::size_t arguments) const noexcept {
    return kind == Kind::function && values.size() == arguments && equals_ignoring_case(name, function);
}

std::string FilterTerm::to_string() const {
    switch (kind) {
    case Kind::comparison:
        if (operation == "in") return fmt::format("{} in ('{}')", name, fmt::join(values, "','"));
        return fmt::format("{} {} '{}'", name, operation, values.front());
    case Kind::any: return fmt::format("{}/any(c:c {} '{}')", name, operation, values.front());
    case Kind::function: break;
    }
    return fmt::format("{}({})", name, fmt::join(values, ","));
}

Result<FilterExpression> parse_filter_expression(std::string_view text) { return parse(text, Parser::Grammar::expression); }

Result<std::vector<FilterTerm>> parse_filter(std::string_view text) {
    auto whole = parse(text, Parser::Grammar::conditions);
    if (!whole) return failure(std::move(whole));
    std::vector<FilterTerm> out;
    collect_terms(*whole, out);
    return out;
}

} // namespace berth::gateway
