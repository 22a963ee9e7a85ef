#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "http/message.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace berth::http {

/// Reads the whole body into memory. `payload_too_large` above `limit`, before anything is read when the length is
/// declared; the room taken grows with what arrives, never with what was promised. `timeout` when it is not whole after
/// `patience`: who sends it was asked for their rights when it began.
Task<Result<std::string>> read_body(Request& request, std::uint64_t limit,
                                    std::chrono::milliseconds patience = std::chrono::minutes(10));

/// One `bytes=` range of RFC 9110 section 14.2, resolved against the size.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
/// nullopt: no range, several, another unit or malformed, which all mean "send everything" (RFC 9110 allows it).
/// `range_not_satisfiable` when it lies outside, or ends before it begins (section 15.5.17 lets either be refused).
Result<std::optional<ByteRange>> parse_range(std::optional<std::string_view> header, std::uint64_t size);

/// Whether an `If-None-Match` or `If-Match` list holds the entity tag (weak comparison; `*` matches).
bool matches_entity_tag(std::string_view list, std::string_view tag) noexcept;

} // namespace berth::http
