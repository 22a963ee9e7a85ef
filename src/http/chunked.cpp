#include "http/chunked.hpp"

#include "http/characters.hpp"

namespace berth::http {
namespace {

constexpr std::uint8_t most_digits = 15; // 2^60 bytes

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr const char* bad_size = "a chunk's size is not a hexadecimal number on a line of its own";
constexpr const char* bad_line = "a line of the chunked body does not end in CR LF";
constexpr const char* bad_extension = "a chunk extension holds a character that is not allowed";
constexpr const char* bad_trailer = "a trailer field of the chunked body is malformed";

} // namespace

const char* ChunkedFraming::step(char c) noexcept {
    switch (state_) {
    case State::size_begin:
    case State::size: {
        if (const int value = hex_value(c); value >= 0) {
            if (++digits_ > most_digits) return bad_size;
            size_ = size_ << 4 | static_cast<unsigned>(value);
            state_ = State::size;
            return nullptr;
        }
        if (state_ == State::size_begin) return bad_size;
        if (c == '\r') {
            state_ = State::size_line_feed;
        } else if (c == ';') {
            state_ = State::extension;
            ++extra_bytes_;
        } else {
            return bad_size;
        }
        return nullptr;
    }
    case State::extension:
        ++extra_bytes_;
        if (c == '\r') {
            state_ = State::size_line_feed;
        } else if (!is_value_character(c)) {
            return bad_extension;
        }
        return nullptr;
    case State::size_line_feed:
        if (c != '\n') return bad_line;
        if (size_ == 0) {
            state_ = State::trailer_begin;
        } else {
            state_ = State::data;
            data_left_ = size_;
        }
        return nullptr;
    case State::data: // the data was taken
        if (c != '\r') return "a chunk is longer than its size";
        state_ = State::data_line_feed;
        return nullptr;
    case State::data_line_feed:
        if (c != '\n') return bad_line;
        state_ = State::size_begin;
        size_ = 0;
        digits_ = 0;
        return nullptr;
    case State::trailer_begin:
        if (c == '\r') {
            state_ = State::end_line_feed;
            return nullptr;
        }
        if (!is_token_character(c)) return bad_trailer;
        ++extra_bytes_;
        state_ = State::trailer_name;
        return nullptr;
    case State::trailer_name:
        ++extra_bytes_;
        if (c == ':') {
            state_ = State::trailer_value;
        } else if (!is_token_character(c)) {
            return bad_trailer;
        }
        return nullptr;
    case State::trailer_value:
        ++extra_bytes_;
        if (c == '\r') {
            state_ = State::trailer_line_feed;
        } else if (!is_value_character(c)) {
            return bad_trailer;
        }
        return nullptr;
    case State::trailer_line_feed:
        if (c != '\n') return bad_line;
        state_ = State::trailer_begin;
        return nullptr;
    case State::end_line_feed:
        if (c != '\n') return bad_line;
        state_ = State::ended;
        return nullptr;
    case State::ended: break;
    }
    return nullptr;
}

Result<std::size_t> ChunkedFraming::take(std::string_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size() && data_left_ == 0 && state_ != State::ended) {
        if (const char* wrong = step(bytes[taken])) return failure(ErrorCode::bad_request, wrong);
        if (extra_bytes_ > most_extra_bytes) {
            return failure(ErrorCode::bad_request, "chunk extensions and trailers of the body are too long");
        }
        ++taken;
    }
    return taken;
}

} // namespace berth::http
