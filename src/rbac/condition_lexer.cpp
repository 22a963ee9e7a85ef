#include "rbac/condition_lexer.hpp"

#include "base/encoding.hpp"
#include "rbac/condition_value.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::rbac {
namespace {

using Kind = ConditionToken::Kind;

bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_bare(char c) noexcept { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; }
bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
bool goes_on(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The character of UTF-8 that begins there, or what can be said of a byte that begins none.
std::string shown_character(std::string_view text, std::size_t at) {
    const auto first = static_cast<unsigned char>(text[at]);
    std::size_t size = 1;
    while (at + size < text.size() && size < 4 && goes_on(text[at + size])) ++size;
    const std::size_t meant = first < 0x80 ? 1U : first >= 0xF0 ? 4U : first >= 0xE0 ? 3U : first >= 0xC2 ? 2U : 0U;
    if (meant == 0 || first > 0xF4 || size < meant || is_control(text[at])) return fmt::format("the byte 0x{:02X}", first);
    return fmt::format("`{}`", text.substr(at, meant));
}

// What editors and web pages put in the place of plain characters.
std::string_view advice_for(std::string_view rest) {
    for (std::string_view quote : {"\u2018", "\u2019", "\u201C", "\u201D"}) {
        if (rest.starts_with(quote)) return "; this is a typographic quote, strings stand in plain ones: 'name'";
    }
    if (rest.starts_with("\u00A0")) return "; this is a no-break space, write a plain one";
    if (rest.starts_with('"')) return "; strings stand in single quotes: 'name'";
    if (rest.starts_with('[')) return "; an attribute begins with its source: @Request[…]";
    return "";
}

} // namespace

std::unexpected<Error> condition_failure(std::string_view condition, std::size_t offset, std::string_view what) {
    const auto before = condition.substr(0, offset);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto begin = before.rfind('\n') + 1; // npos + 1 is 0
    const auto column = std::ranges::count_if(before.substr(begin), [](char c) { return !goes_on(c); }) + 1;
    return failure(ErrorCode::invalid_parameter,
                   fmt::format("The condition is wrong at line {}, column {}: {}.", line, column, what));
}

std::string shown(const ConditionToken& token) {
    constexpr std::size_t longest = 80;
    switch (token.kind) {
    case Kind::end: return "the end of the condition";
    case Kind::string:
        if (token.text.size() > longest) return "a string";
        return fmt::format("'{}'", token.text);
    default:
        if (token.text.size() > longest) return "a long word";
        return fmt::format("`{}`", token.text);
    }
}

Result<ConditionToken> ConditionLexer::next() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ == text_.size()) return ConditionToken{.kind = Kind::end, .text = {}, .offset = at_};
    switch (text_[at_]) {
    case '(': return sign(Kind::left_parenthesis, 1);
    case ')': return sign(Kind::right_parenthesis, 1);
    case '{': return sign(Kind::left_brace, 1);
    case '}': return sign(Kind::right_brace, 1);
    case ',': return sign(Kind::comma, 1);
    case ':': return sign(Kind::colon, 1);
    case '!': return sign(Kind::logical_not, 1);
    case '&': return doubled(Kind::logical_and);
    case '|': return doubled(Kind::logical_or);
    case '@': return attribute();
    case '\'': return string();
    default: break;
    }
    if (is_bare(text_[at_])) return bare();
    return condition_failure(
        text_, at_, fmt::format("{} has no meaning here{}", shown_character(text_, at_), advice_for(text_.substr(at_))));
}

Result<ConditionToken> ConditionLexer::sign(Kind kind, std::size_t size) {
    const ConditionToken token{.kind = kind, .text = text_.substr(at_, size), .offset = at_};
    at_ += size;
    return token;
}

Result<ConditionToken> ConditionLexer::doubled(Kind kind) {
    const char c = text_[at_];
    if (at_ + 1 == text_.size() || text_[at_ + 1] != c) {
        return condition_failure(text_, at_,
                                 fmt::format("found a single `{0}`, write `{0}{0}` or {1}", c, c == '&' ? "AND" : "OR"));
    }
    return sign(kind, 2);
}

Result<ConditionToken> ConditionLexer::attribute() {
    auto end = at_ + 1;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    if (end == text_.size() || text_[end] != '[') {
        return condition_failure(text_, at_, "an attribute is written @Request[name], and there is no `[` behind the source");
    }
    const auto close = text_.find(']', end);
    if (close == std::string_view::npos)
        return condition_failure(text_, at_, "the `[` of this attribute is never closed by a `]`");
    const auto size = close + 1 - at_;
    const auto control = std::ranges::find_if(text_.substr(at_, size), is_control);
    if (control != text_.substr(at_, size).end()) {
        return condition_failure(text_, at_, "the name of this attribute has a line break or a control character in it");
    }
    return sign(Kind::attribute, size);
}

Result<ConditionToken> ConditionLexer::string() {
    auto end = at_ + 1;
    while (end < text_.size() && text_[end] != '\'') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size()) return condition_failure(text_, at_, "this string is never closed by a `'`");
    const ConditionToken token{.kind = Kind::string, .text = text_.substr(at_ + 1, end - at_ - 1), .offset = at_};
    const auto control = std::ranges::find_if(token.text, is_control);
    if (control != token.text.end()) {
        const auto offset = at_ + 1 + static_cast<std::size_t>(control - token.text.begin());
        return condition_failure(text_, offset, "a string cannot hold a line break or a control character; is a `'` missing?");
    }
    at_ = end + 1;
    return token;
}

Result<ConditionToken> ConditionLexer::bare() {
    auto end = at_;
    while (end < text_.size() && is_bare(text_[end])) ++end;
    ConditionToken token{.kind = Kind::word, .text = text_.substr(at_, end - at_), .offset = at_};
    if (equals_ignoring_case(token.text, "AND")) {
        token.kind = Kind::logical_and;
    } else if (equals_ignoring_case(token.text, "OR")) {
        token.kind = Kind::logical_or;
    } else if (equals_ignoring_case(token.text, "NOT")) {
        token.kind = Kind::logical_not;
    } else if (ConditionValue::read(ConditionType::guid, token.text)) {
        token.kind = Kind::guid;
    } else if (Decimal::parse(token.text)) {
        token.kind = Kind::number;
    } else if (!std::ranges::all_of(token.text, is_letter)) {
        return condition_failure(text_, at_,
                                 fmt::format("{} is no word, no number (18 digits before the point and 9 behind it at most) "
                                             "and no GUID; strings stand in single quotes: 'name'",
                                             shown(token)));
    }
    at_ = end;
    return token;
}

} // namespace berth::rbac
