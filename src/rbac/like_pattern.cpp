#include "rbac/like_pattern.hpp"

#include <cstddef>
#include <cstdint>

namespace berth::rbac {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; }

// One element of a pattern and where the next begins.
struct Element {
    enum class Kind : std::uint8_t { literal, one, run } kind;
    char literal;
    std::size_t next;
};

Element element_at(std::string_view pattern, std::size_t at) noexcept {
    const char c = pattern[at];
    if (c == '*') return {Element::Kind::run, c, at + 1};
    if (c == '?') return {Element::Kind::one, c, at + 1};
    if (c == '\\' && at + 1 < pattern.size()) {
        const char escaped = pattern[at + 1];
        if (escaped == '*' || escaped == '?' || escaped == '\\' || escaped == '\'') {
            return {Element::Kind::literal, escaped, at + 2};
        }
    }
    return {Element::Kind::literal, c, at + 1};
}

std::size_t after_character(std::string_view text, std::size_t at) noexcept {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    return at;
}

// A pattern that asks for more than there is need not be tried at each place.
bool is_too_long(std::string_view pattern, std::size_t size) noexcept {
    std::size_t least = 0;
    for (std::size_t at = 0; at < pattern.size() && least <= size;) {
        const auto element = element_at(pattern, at);
        if (element.kind != Element::Kind::run) ++least;
        at = element.next;
    }
    return least > size;
}

} // namespace

bool matches_like(std::string_view pattern, std::string_view text, bool ignore_case) noexcept {
    if (is_too_long(pattern, text.size())) return false;
    constexpr auto none = std::string_view::npos;
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t after_run = none; // in the pattern, behind the last run that was entered
    std::size_t run_end = 0;      // in the text, where that run ends for now
    while (true) {
        if (p < pattern.size()) {
            const auto element = element_at(pattern, p);
            if (element.kind == Element::Kind::run) {
                after_run = p = element.next;
                run_end = t;
                continue;
            }
            if (t < text.size()) {
                const bool same = element.kind == Element::Kind::one || element.literal == text[t] ||
                                  (ignore_case && lower(element.literal) == lower(text[t]));
                if (same) {
                    t = element.kind == Element::Kind::one ? after_character(text, t) : t + 1;
                    p = element.next;
                    continue;
                }
            }
        } else if (t == text.size()) {
            return true;
        }
        // Only the last run has to give: an earlier one that took more would leave less for the rest.
        if (after_run == none || run_end == text.size()) return false;
        run_end = after_character(text, run_end);
        t = run_end;
        p = after_run;
    }
}

LikeBeginning beginning_of_like(std::string_view pattern) {
    LikeBeginning out;
    for (std::size_t at = 0; at < pattern.size();) {
        const auto element = element_at(pattern, at);
        if (element.kind != Element::Kind::literal) return out;
        out.text.push_back(element.literal);
        at = element.next;
    }
    out.whole = true;
    return out;
}

} // namespace berth::rbac
