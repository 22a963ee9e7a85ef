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

void Headers::set(std::string_view name, std::string value) {
    const auto first = std::ranges::find_if(fields_, [&](const auto& field) { return same_name(field.first, name); });
    if (first == fields_.end()) {
        fields_.emplace_back(std::string(name), std::move(value));
        return;
    }
    first->second = std::move(value);
    fields_.erase(std::remove_if(first + 1, fields_.end(), [&](const auto& field) { return same_name(field.first, name); }),
                  fields_.end());
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
    for (const auto& [key, value] : fields_) {
        if (same_name(key, name)) return value;
    }
    return std::nullopt;
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
    std::vector<std::string_view> out;
    for (const auto& [key, value] : fields_) {
        if (same_name(key, name)) out.push_back(value);
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
