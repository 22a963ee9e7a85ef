#include "http/message.hpp"

#include <algorithm>
#include <strings.h>

namespace berth::http {
namespace {

bool same_name(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() && ::strncasecmp(left.data(), right.data(), left.size()) == 0;
}

} // namespace

std::string_view to_string(Method method) noexcept {
    switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::delete_: return "DELETE";
    case Method::options: return "OPTIONS";
    case Method::other: break;
    }
    return "other";
}

void Headers::reserve(std::size_t count) {
    constexpr std::size_t usual_length = 64;
    fields_.reserve(count);
    text_.reserve(count * usual_length);
}

void Headers::add(std::string_view name, std::string_view value) {
    fields_.push_back({.begin = text_.size(), .name_size = name.size(), .value_size = value.size()});
    text_ += name;
    text_ += value;
}

// What is replaced stays in the text: seldom, and little.
void Headers::set(std::string_view name, std::string_view value) {
    const Field field{.begin = text_.size(), .name_size = name.size(), .value_size = value.size()};
    text_ += name;
    text_ += value;
    const auto has_name = [&](const Field& other) {
        return same_name(std::string_view(text_).substr(other.begin, other.name_size), name);
    };
    const auto first = std::ranges::find_if(fields_, has_name);
    if (first == fields_.end()) {
        fields_.push_back(field);
        return;
    }
    *first = field;
    fields_.erase(std::remove_if(first + 1, fields_.end(), has_name), fields_.end());
}

std::pair<std::string_view, std::string_view> Headers::operator[](std::size_t index) const noexcept {
    const Field& field = fields_[index];
    const std::string_view text(text_);
    return {text.substr(field.begin, field.name_size), text.substr(field.begin + field.name_size, field.value_size)};
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        if (fields_[i].name_size == name.size() && same_name((*this)[i].first, name)) return (*this)[i].second;
    }
    return std::nullopt;
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
    std::vector<std::string_view> out;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        if (fields_[i].name_size == name.size() && same_name((*this)[i].first, name)) out.push_back((*this)[i].second);
    }
    return out;
}

std::uint64_t body_size(const Body& body) noexcept {
    struct Size {
        std::uint64_t operator()(std::monostate) const noexcept { return 0; }
        std::uint64_t operator()(const std::string& text) const noexcept { return text.size(); }
        std::uint64_t operator()(const SharedText& text) const noexcept { return text ? text->size() : 0; }
        std::uint64_t operator()(const FileRange& range) const noexcept { return range.length; }
    };
    return std::visit(Size{}, body);
}

} // namespace berth::http
