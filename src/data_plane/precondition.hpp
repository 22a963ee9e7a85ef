#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "http/message.hpp"

#include <optional>
#include <string>

namespace berth::data_plane {

/// The entity tag of content: its digest in quotes.
std::string entity_tag(const Digest& digest);

/// `If-Match` and `If-None-Match` of a request that changes something (RFC 9110 section 13.1).
struct Precondition {
    std::optional<std::string> if_match;
    std::optional<std::string> if_none_match;

    static Precondition of(const http::Headers& headers);
    /// `precondition_failed` unless what is there now (nullopt: nothing) is what the client expects.
    Result<void> check(const std::optional<Digest>& current) const;
};

/// Whether a read may be answered with 304: its `If-None-Match` names what would be sent.
bool is_not_modified(const http::Headers& headers, std::string_view tag) noexcept;

} // namespace berth::data_plane
