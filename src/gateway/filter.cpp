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
    explicit Parser(std::string_view text) noexcept : text_(text) {}

    Result<std::vector<FilterTerm>> parse() {
        skip_spaces();
        if (at_ == text_.size()) return std::move(terms_);
        if (auto all = parse_conjunction(0); !all) return failure(std::move(all));
        if (at_ != text_.size()) return wrong("'and' or the end");
        return std::move(terms_);
    }

private:
    std::unexpected<Error> wrong(std::string_view expected) const {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("The $filter is not understood at character {}: {} is expected there. Conditions are "
                                   "joined by 'and'; text stands in single quotes.",
                                   at_ + 1, expected));
    }
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

    Result<void> parse_conjunction(int depth) {
        if (depth > deepest) return wrong("fewer parentheses");
        while (true) {
            if (auto term = parse_term(depth); !term) return term;
            skip_spaces();
            const std::size_t before = at_;
            if (!equals_ignoring_case(take_word(), "and")) {
                at_ = before;
                return {};
            }
        }
    }

    Result<void> parse_term(int depth) {
        if (take('(')) {
            if (auto inner = parse_conjunction(depth + 1); !inner) return inner;
            if (!take(')')) return wrong("')'");
            return {};
        }
        if (terms_.size() == most_terms) return wrong("no more than 32 conditions and the end");
        FilterTerm term;
        std::string_view name = take_word();
        if (name.empty() || !is_letter(name.front())) return wrong("a property or a function");
        if (!take('(')) {
            term.name = name;
            auto operation = take_operation();
            if (!operation) return failure(std::move(operation));
            term.operation = std::move(*operation);
            auto value = take_literal();
            if (!value) return failure(std::move(value));
            term.values.push_back(std::move(*value));
        } else if (name.ends_with("/any")) {
            name.remove_suffix(4);
            if (auto any = parse_any(term, name); !any) return any;
        } else {
            term.kind = FilterTerm::Kind::function;
            term.name = name;
            if (auto arguments = parse_arguments(term); !arguments) return arguments;
        }
        terms_.push_back(std::move(term));
        return {};
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
    std::size_t at_ = 0;
    std::vector<FilterTerm> terms_;
};

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
    case Kind::comparison: return fmt::format("{} {} '{}'", name, operation, values.front());
    case Kind::any: return fmt::format("{}/any(c:c {} '{}')", name, operation, values.front());
    case Kind::function: break;
    }
    return fmt::format("{}({})", name, fmt::join(values, ","));
}

Result<std::vector<FilterTerm>> parse_filter(std::string_view text) {
    if (text.size() > longest_filter) {
        return failure(ErrorCode::invalid_parameter, "The $filter is longer than 2048 bytes.");
    }
    return Parser(text).parse();
}

} // namespace berth::gateway
