#include "data_plane/import/registry_challenge.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"

#include <algorithm>
#include <array>

namespace berth::data_plane {
namespace {

constexpr std::size_t longest_header = 8 * 1024;
constexpr std::size_t longest_token = 16 * 1024;

bool is_token_character(char c) noexcept {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.contains(c);
}

class Reader {
public:
    explicit Reader(std::string_view text) noexcept : text_(text) {}

    bool at_end() const noexcept { return at_ == text_.size(); }
    void skip(std::string_view characters) noexcept { at_ = std::min(text_.find_first_not_of(characters, at_), text_.size()); }
    bool take(char c) noexcept {
        if (at_end() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    std::string_view word() noexcept {
        const std::size_t from = at_;
        while (!at_end() && is_token_character(text_[at_])) ++at_;
        return text_.substr(from, at_ - from);
    }
    // A word or a quoted string; nullopt if the quotes do not end.
    std::optional<std::string> value() {
        if (!take('"')) return std::string(word());
        std::string out;
        while (!at_end()) {
            char c = text_[at_++];
            if (c == '"') return out;
            if (c == '\\') {
                if (at_end()) return std::nullopt;
                c = text_[at_++];
            }
            out += c;
        }
        return std::nullopt;
    }
    std::size_t position() const noexcept { return at_; }
    void go_to(std::size_t position) noexcept { at_ = position; }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

// `name=value` pairs up to the next scheme or the end; false if they are malformed.
bool read_parameters(Reader& reader, RegistryChallenge& out) {
    for (;;) {
        reader.skip(" \t,");
        const std::size_t before = reader.position();
        const std::string_view name = reader.word();
        reader.skip(" \t");
        if (name.empty() || !reader.take('=')) { // a scheme, or something else: not this challenge's
            reader.go_to(before);
            return name.empty() ? reader.at_end() : true;
        }
        reader.skip(" \t");
        auto value = reader.value();
        if (!value) return false;
        if (equals_ignoring_case(name, "realm")) out.realm = std::move(*value);
        if (equals_ignoring_case(name, "service")) out.service = std::move(*value);
        if (equals_ignoring_case(name, "scope")) out.scope = std::move(*value);
    }
}

Result<Secret> find_token(std::string_view body, std::span<const std::string_view> names) {
    const auto json = parse_json(body);
    if (!json) return failure(ErrorCode::invalid_json, "The source's token server did not answer with JSON.");
    for (const std::string_view name : names) {
        const auto text = find_string(*json, name);
        if (!text || text->empty() || text->size() > longest_token) continue;
        if (std::ranges::all_of(*text, [](char c) { return c > ' ' && c < 0x7f; })) return Secret(std::string(*text));
    }
    return failure(ErrorCode::bad_request, "The source's token server gave no token.");
}

} // namespace

std::optional<RegistryChallenge> parse_registry_challenge(std::string_view header) {
    if (header.size() > longest_header) return std::nullopt;
    Reader reader(header);
    for (;;) {
        reader.skip(" \t,");
        const std::string_view scheme = reader.word();
        if (scheme.empty()) return std::nullopt;
        RegistryChallenge out;
        if (!read_parameters(reader, out)) return std::nullopt;
        if (equals_ignoring_case(scheme, "Bearer") && !out.realm.empty()) {
            out.scheme = RegistryChallenge::Scheme::bearer;
            return out;
        }
        if (equals_ignoring_case(scheme, "Basic")) return out;
    }
}

Result<Secret> parse_registry_token(std::string_view body) {
    constexpr std::array<std::string_view, 2> names{"access_token", "token"};
    return find_token(body, names);
}

Result<Secret> parse_refresh_token(std::string_view body) {
    constexpr std::array<std::string_view, 1> names{"refresh_token"};
    return find_token(body, names);
}

} // namespace berth::data_plane
