#include "base/names.hpp"

#include <algorithm>

namespace berth {
namespace {

constexpr std::size_t longest_repository_name = 255;
constexpr std::size_t longest_tag = 128;

bool is_lower_or_digit(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alphanumeric(char c) noexcept { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

bool is_path_component(std::string_view text) noexcept {
    if (text.empty() || !is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) return false;
    for (std::size_t i = 0; i < text.size();) {
        if (is_lower_or_digit(text[i])) {
            ++i;
            continue;
        }
        const std::size_t end =
            static_cast<std::size_t>(std::ranges::find_if(text.substr(i), is_lower_or_digit) - text.begin());
        const std::string_view separator = text.substr(i, end - i);
        const bool dashes = std::ranges::all_of(separator, [](char c) { return c == '-'; });
        if (!dashes && separator != "." && separator != "_" && separator != "__") return false;
        i = end;
    }
    return true;
}

} // namespace

Result<RepositoryName> RepositoryName::parse(std::string_view text) {
    bool valid = !text.empty() && text.size() <= longest_repository_name;
    for (std::size_t begin = 0; valid && begin <= text.size();) {
        const std::size_t end = std::min(text.find('/', begin), text.size());
        valid = is_path_component(text.substr(begin, end - begin));
        begin = end + 1;
    }
    if (!valid) {
        return failure(ErrorCode::name_invalid,
                       "The repository name is not valid: lower-case letters and digits, separated by '.', '_', '__' "
                       "or dashes, in components joined by '/', 255 characters at most.");
    }
    return RepositoryName(std::string(text));
}

Result<Tag> Tag::parse(std::string_view text) {
    const auto allowed = [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; };
    if (text.empty() || text.size() > longest_tag || text.front() == '.' || text.front() == '-' ||
        !std::ranges::all_of(text, allowed)) {
        return failure(ErrorCode::tag_invalid,
                       "The tag is not valid: letters, digits, '_', '.' and '-', not beginning with '.' or '-', 128 "
                       "characters at most.");
    }
    return Tag(std::string(text));
}

Result<Reference> parse_reference(std::string_view text) {
    if (text.find(':') != std::string_view::npos) {
        auto digest = Digest::parse(text);
        if (!digest) return failure(std::move(digest));
        return Reference(*digest);
    }
    auto tag = Tag::parse(text);
    if (!tag) return failure(std::move(tag));
    return Reference(std::move(*tag));
}

bool is_registry_name(std::string_view text) noexcept {
    return text.size() >= 5 && text.size() <= 50 && std::ranges::all_of(text, is_alphanumeric);
}

bool is_resource_group_name(std::string_view text) noexcept {
    const auto allowed = [](char c) { return is_alphanumeric(c) || c == '_' || c == '-' || c == '.' || c == '(' || c == ')'; };
    return !text.empty() && text.size() <= 90 && text.back() != '.' && std::ranges::all_of(text, allowed);
}

} // namespace berth
