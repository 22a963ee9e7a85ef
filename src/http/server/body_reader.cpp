#include "http/server/body_reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace berth::http {
namespace {

constexpr std::uint64_t most_drained = 64 * 1024;
constexpr std::size_t buffer_size = 16 * 1024; // for framing, and the data that comes with it

std::span<char> as_chars(std::span<std::byte> bytes) noexcept {
    return {reinterpret_cast<char*>(bytes.data()), bytes.size()}; // NOLINT: bytes are characters here
}

} // namespace

void BodyReader::begin(const Request& request, const Framing& framing) noexcept {
    continue_expected_ = framing.expects_continue;
    credit_ = most_credit();
    if (framing.chunked) {
        state_ = State::chunked;
        framing_ = {};
    } else {
        left_ = request.content_length.value_or(0);
        state_ = left_ == 0 ? State::ended : State::by_length;
    }
}

void BodyReader::arm() noexcept {
    armed_at_ = now_;
    wire_.arm(now_ + static_cast<std::int64_t>(credit_ / rate_) + 1);
}

void BodyReader::arrived(std::ptrdiff_t received) noexcept {
    wire_.disarm();
    if (received <= 0) return;
    const auto waited = static_cast<std::uint64_t>(now_ - armed_at_) * rate_;
    credit_ = std::min(most_credit(), credit_ - std::min(waited, credit_) + static_cast<std::uint64_t>(received));
}

Task<Result<std::size_t>> BodyReader::read(std::span<std::byte> out) {
    if (state_ == State::ended || out.empty()) co_return std::size_t{0};
    if (state_ == State::broken) co_return failure(ErrorCode::bad_request, "the body cannot be read any further");
    // A peer that waits gets its answer now that somebody wants the body; one that did not wait needs none.
    if (std::exchange(continue_expected_, false) && wire_.buffer.empty()) {
        Task<bool> saying = say_continue();
        const bool said = co_await std::move(saying);
        if (!said) co_return broken(-1);
    }
    Task<Result<std::size_t>> reading = state_ == State::chunked ? read_chunked(out) : read_by_length(out);
    Result<std::size_t> result = co_await std::move(reading);
    co_return result;
}

Task<Result<std::size_t>> BodyReader::read_by_length(std::span<std::byte> out) {
    std::size_t count = take_from_buffer(out, left_);
    if (count == 0) {
        arm();
        Wire::Receive receiving = wire_.receive(as_chars(out.first(std::min<std::uint64_t>(out.size(), left_))));
        const std::ptrdiff_t received = co_await receiving;
        arrived(received);
        if (received <= 0) co_return broken(received);
        count = static_cast<std::size_t>(received);
    }
    left_ -= count;
    if (left_ == 0) state_ = State::ended;
    co_return count;
}

Task<Result<std::size_t>> BodyReader::read_chunked(std::span<std::byte> out) {
    std::size_t count = 0;
    while (true) {
        // What is here already: framing and data in turn.
        while (!wire_.buffer.empty() && !framing_.ended() && count < out.size()) {
            Result<std::size_t> taken = framing_.take(wire_.buffer.view());
            if (!taken) {
                state_ = State::broken;
                co_return taken;
            }
            wire_.buffer.consume(*taken);
            const std::size_t data = take_from_buffer(out.subspan(count), framing_.data_left());
            framing_.took(data);
            count += data;
        }
        // The framing that closes a chunk is taken along, so that the end of the body is seen with its last byte.
        if (framing_.ended()) state_ = State::ended;
        if (count > 0 || framing_.ended()) co_return count;

        // Data goes straight to its place; the framing after it, and a first part of the next chunk, to the buffer.
        const auto direct = out.first(std::min<std::uint64_t>(out.size(), framing_.data_left()));
        const std::span<char> room = wire_.buffer.room(buffer_size);
        arm();
        const bool framing_follows = direct.size() == framing_.data_left();
        Wire::Receive receiving =
            direct.empty() ? wire_.receive(room) : wire_.receive(as_chars(direct), framing_follows ? room : std::span<char>());
        const std::ptrdiff_t received = co_await receiving;
        arrived(received);
        if (received <= 0) co_return broken(received);
        const std::size_t data = std::min(static_cast<std::size_t>(received), direct.size());
        framing_.took(data);
        count += data;
        wire_.buffer.added(static_cast<std::size_t>(received) - data);
        if (count > 0 && wire_.buffer.empty()) co_return count;
    }
}

std::size_t BodyReader::take_from_buffer(std::span<std::byte> out, std::uint64_t most) noexcept {
    const std::string_view here = wire_.buffer.view();
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>({here.size(), out.size(), most}));
    if (count > 0) std::memcpy(out.data(), here.data(), count);
    wire_.buffer.consume(count);
    return count;
}

Result<std::size_t> BodyReader::broken(std::ptrdiff_t received) {
    state_ = State::broken;
    if (wire_.expired()) return failure(ErrorCode::timeout, "the body came too slowly");
    if (received == 0) return failure(ErrorCode::bad_request, "the body ended before its stated length");
    return failure(ErrorCode::bad_request, "the connection broke within the body");
}

Task<bool> BodyReader::say_continue() {
    std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    while (true) {
        const Sent sent = wire_.send(text);
        if (sent.failed) co_return false;
        text.remove_prefix(sent.bytes);
        if (text.empty()) co_return true;
        wire_.arm_sending(now_, timeout_.count());
        Wire::Writable waiting = wire_.writable();
        const bool ready = co_await waiting;
        wire_.disarm();
        if (!ready) co_return false;
    }
}

bool BodyReader::worth_draining() const noexcept {
    return state_ == State::ended || (state_ == State::by_length && left_ <= most_drained && !continue_expected_);
}

void BodyReader::drop_buffered() {
    if (state_ == State::by_length) {
        const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(wire_.buffer.view().size(), left_));
        wire_.buffer.consume(count);
        left_ -= count;
        if (left_ == 0) state_ = State::ended;
        if (count > 0) continue_expected_ = false;
    }
    if (state_ != State::chunked) return;
    while (!wire_.buffer.empty() && !framing_.ended()) {
        const Result<std::size_t> taken = framing_.take(wire_.buffer.view());
        if (!taken) {
            state_ = State::broken;
            return;
        }
        wire_.buffer.consume(*taken);
        const auto data = std::min<std::uint64_t>(wire_.buffer.view().size(), framing_.data_left());
        wire_.buffer.consume(static_cast<std::size_t>(data));
        framing_.took(data);
    }
    if (framing_.ended()) state_ = State::ended;
}

Task<bool> BodyReader::drain() {
    std::array<std::byte, 4096> scratch; // NOLINT: filled before it is read
    while (state_ == State::by_length || state_ == State::chunked) {
        Task<Result<std::size_t>> reading = read(scratch);
        const Result<std::size_t> count = co_await std::move(reading);
        if (!count) co_return false;
    }
    co_return state_ == State::ended;
}

} // namespace berth::http
