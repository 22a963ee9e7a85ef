#pragma once

#include "base/byte_source.hpp"
#include "http/chunked.hpp"
#include "http/head.hpp"
#include "http/server/wire.hpp"

#include <chrono>
#include <cstdint>

namespace berth::http {

/// Where the reader finds the time: seconds of the event loop's coarse clock.
using CoarseNow = const std::int64_t&;

/// The body of one request, read from the wire when the handler asks for it: straight into the handler's memory where it
/// can be, so that what is not asked for stays in the kernel and holds the peer back.
/// Errors: `timeout` when nothing arrives for the body timeout or bytes come slower than the rate, `bad_request` when the body
/// ends early or its framing is broken. After an error the connection cannot be used for another request.
class BodyReader final : public ByteSource {
public:
    /// `rate`: bytes a second that have to arrive on average, above 0; the timeout is how far they may fall behind.
    BodyReader(Wire& wire, CoarseNow now, std::chrono::seconds timeout, std::uint64_t rate) noexcept
        : wire_(wire), now_(now), timeout_(timeout), rate_(rate) {}

    /// Prepares for the body of the next request.
    void begin(const Request& request, const Framing& framing) noexcept;

    Task<Result<std::size_t>> read(std::span<std::byte> out) override;

    /// Nothing is left on the wire.
    bool ended() const noexcept { return state_ == State::ended; }
    /// What is left may be read and forgotten, so that the connection can go on: it is short, its length is known, and
    /// the peer is not waiting for `100 Continue`.
    bool worth_draining() const noexcept;
    /// Takes from the buffer what is there of the body, without waiting.
    void drop_buffered();
    /// Reads what is left and forgets it; whether the end was reached.
    Task<bool> drain();

private:
    enum class State : std::uint8_t { ended, by_length, chunked, broken };

    Task<Result<std::size_t>> read_by_length(std::span<std::byte> out);
    Task<Result<std::size_t>> read_chunked(std::span<std::byte> out);
    std::size_t take_from_buffer(std::span<std::byte> out, std::uint64_t most) noexcept;
    Result<std::size_t> broken(std::ptrdiff_t received);
    std::uint64_t most_credit() const noexcept { return static_cast<std::uint64_t>(timeout_.count()) * rate_; }
    void arm() noexcept;
    void arrived(std::ptrdiff_t received) noexcept;
    Task<bool> say_continue();

    Wire& wire_;
    CoarseNow now_;
    std::chrono::seconds timeout_;
    State state_ = State::ended;
    bool continue_expected_ = false;
    std::uint64_t rate_;
    std::uint64_t credit_ = 0; // bytes that may still fail to come; only waiting uses it up
    std::int64_t armed_at_ = 0;
    std::uint64_t left_ = 0;
    ChunkedFraming framing_;
};

} // namespace berth::http
