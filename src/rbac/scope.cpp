#include "rbac/scope.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>

namespace berth::rbac {
namespace {

// The hash of a level is made of the hash of the level above and the text between the two, so that all levels together
// cost one reading of the key.
std::uint64_t extend_hash(std::uint64_t above, std::string_view text) noexcept {
    auto mixed = (above ^ std::hash<std::string_view>{}(text)) * 0x9E3779B97F4A7C15u;
    return mixed ^ (mixed >> 32);
}

// The segments of a key, one after the other.
class Segments {
public:
    explicit Segments(std::string_view key) noexcept : key_(key) {}
    // The next segment and where it ends in the key.
    std::optional<std::string_view> next() noexcept {
        if (end_ >= key_.size()) return std::nullopt;
        auto begin = end_ + 1; // past the slash
        end_ = std::min(key_.find('/', begin), key_.size());
        return key_.substr(begin, end_ - begin);
    }
    bool skip(int count) noexcept {
        while (count-- > 0) {
            if (!next()) return false;
        }
        return true;
    }
    std::size_t end() const noexcept { return end_; }

private:
    std::string_view key_;
    std::size_t end_ = 0;
};

// Moves past what leads from a scope of that kind to the next one below it, and says what that is; `other` if the rest
// is no whole step.
ScopeKind step_down(ScopeKind from, Segments& segments) noexcept {
    auto first = segments.next();
    if (!first) return ScopeKind::other;
    if (*first == "providers") {
        auto provider = segments.next();
        auto type = segments.next();
        if (!type || !segments.skip(1)) return ScopeKind::other;
        return from == ScopeKind::root && *provider == "microsoft.management" && *type == "managementgroups"
                   ? ScopeKind::management_group
                   : ScopeKind::resource;
    }
    if (!segments.skip(1)) return ScopeKind::other;
    if (from == ScopeKind::root && *first == "subscriptions") return ScopeKind::subscription;
    if (from == ScopeKind::subscription && *first == "resourcegroups") return ScopeKind::resource_group;
    if (from == ScopeKind::resource) return ScopeKind::resource;
    return ScopeKind::other;
}

} // namespace

Result<Scope> Scope::parse(std::string_view text) {
    if (text.size() > longest) {
        return failure(ErrorCode::bad_request,
                       fmt::format("A scope has at most {} bytes; this one has {}.", longest, text.size()));
    }
    if (!text.starts_with('/')) return failure(ErrorCode::bad_request, "A scope begins with '/'.");
    Scope out;
    out.value_.reserve(text.size());
    for (std::size_t begin = 0; begin < text.size();) {
        auto end = std::min(text.find('/', begin), text.size());
        auto segment = text.substr(begin, end - begin);
        begin = end + 1;
        if (segment.empty()) continue;
        if (segment == "." || segment == "..") {
            return failure(ErrorCode::bad_request, "A scope has no segments '.' or '..'.");
        }
        if (std::ranges::any_of(segment, [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
            return failure(ErrorCode::bad_request, "A scope has no control characters.");
        }
        out.value_ += '/';
        out.value_ += segment;
    }
    if (out.value_.empty()) out.value_ = "/";
    out.key_ = to_lower(out.value_);
    out.find_levels();
    return out;
}

Scope Scope::root() {
    Scope out;
    out.value_ = out.key_ = "/";
    out.find_levels();
    return out;
}

void Scope::find_levels() {
    auto hash = extend_hash(0, "/");
    levels_.push_back({hash, 1});
    kind_ = ScopeKind::root;
    if (key_.size() == 1) return;
    Segments segments(key_);
    std::size_t above = 0;
    while (above < key_.size()) {
        kind_ = step_down(kind_, segments);
        // What is no place where a scope can end is still itself, whole.
        auto end = kind_ == ScopeKind::other ? key_.size() : segments.end();
        hash = extend_hash(hash, std::string_view(key_).substr(above, end - above));
        levels_.push_back({hash, static_cast<std::uint16_t>(end)});
        above = end;
    }
    std::ranges::reverse(levels_);
}

bool Scope::covers(const Scope& other) const noexcept {
    if (levels_.empty() || levels_.size() > other.levels_.size()) return false;
    // This scope can only stand in the other's chain where as many levels lie above it.
    const auto& level = other.levels_[other.levels_.size() - levels_.size()];
    return level == levels_.front() && std::memcmp(key_.data(), other.key_.data(), level.length) == 0;
}

} // namespace berth::rbac
