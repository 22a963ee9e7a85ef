#include "data_plane/precondition.hpp"

#include "http/body.hpp"

namespace berth::data_plane {
namespace {

std::optional<std::string> text_of(const http::Headers& headers, std::string_view name) {
    const auto found = headers.find(name);
    if (!found) return std::nullopt;
    return std::string(*found);
}

} // namespace

std::string entity_tag(const Digest& digest) { return '"' + digest.to_string() + '"'; }

Precondition Precondition::of(const http::Headers& headers) {
    return {.if_match = text_of(headers, "If-Match"), .if_none_match = text_of(headers, "If-None-Match")};
}

Result<void> Precondition::check(const std::optional<Digest>& current) const {
    const auto holds = [&](const std::string& list) { return current && http::matches_entity_tag(list, entity_tag(*current)); };
    if (if_match && !holds(*if_match)) {
        return failure(ErrorCode::precondition_failed,
                       current ? "If-Match does not hold: what is there now is " + current->to_string() + "."
                               : "If-Match does not hold: there is nothing.");
    }
    if (if_none_match && holds(*if_none_match)) {
        return failure(ErrorCode::precondition_failed,
                       "If-None-Match does not hold: what is there now is " + current->to_string() + ".");
    }
    return {};
}

bool is_not_modified(const http::Headers& headers, std::string_view tag) noexcept {
    const auto list = headers.find("If-None-Match");
    return list && http::matches_entity_tag(*list, tag);
}

} // namespace berth::data_plane
