#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace berth::http {

/// The framing of a chunked body (RFC 9112 section 7.1), byte by byte: it says which bytes are data and leaves moving
/// them to the caller. Strict: sizes are bare hexadecimal digits, every line ends in CR LF, chunk extensions and trailer
/// fields are checked for their characters, counted against a limit, and forgotten.
class ChunkedFraming {
public:
    /// Bytes that extensions and trailers may take in one body.
    static constexpr std::size_t most_extra_bytes = 16 * 1024;

    /// Takes framing off the front of `bytes`, up to the next data or the end of the body, and says how many bytes that
    /// were; fewer than all only if data or the end was reached. `bad_request` when it is malformed.
    Result<std::size_t> take(std::string_view bytes);
    /// Data bytes that come next, before more framing.
    std::uint64_t data_left() const noexcept { return data_left_; }
    /// The caller took so many data bytes, at most `data_left()`.
    void took(std::uint64_t count) noexcept { data_left_ -= count; }
    /// The last byte of the body was taken.
    bool ended() const noexcept { return state_ == State::ended; }

private:
    enum class State : std::uint8_t {
        size_begin,
        size,
        extension,
        size_line_feed,
        data,
        data_line_feed,
        trailer_begin,
        trailer_name,
        trailer_value,
        trailer_line_feed,
        end_line_feed,
        ended,
    };
    const char* step(char c) noexcept; // what is wrong, or nullptr

    State state_ = State::size_begin;
    std::uint8_t digits_ = 0;
    std::uint64_t size_ = 0;
    std::uint64_t data_left_ = 0;
    std::size_t extra_bytes_ = 0;
};

} // namespace berth::http
