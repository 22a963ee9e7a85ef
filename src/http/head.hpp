#pragma once

#include "http/message.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace berth::http {

/// Why a request was turned away before it became one.
struct Refusal {
    unsigned status = 400;
    std::string_view reason; ///< a sentence for people, of static storage
};

/// Finds the end of a head while its bytes arrive, looking at each byte once, and refuses at the first line that is not
/// one: every line ends in CR LF, CR, LF and NUL stand nowhere else (RFC 9112 section 2.2), no line is folded (section
/// 5.2), and there are at most `most_fields`.
class HeadScanner {
public:
    static constexpr std::size_t most_fields = 128;

    enum class State { incomplete, complete, refused };
    /// `bytes` begins where the head begins and holds all that arrived.
    State scan(std::string_view bytes) noexcept;
    /// Bytes of the head with its empty line; when complete.
    std::size_t size() const noexcept { return line_start_; }
    /// When refused.
    const Refusal& refusal() const noexcept { return refusal_; }

private:
    State refuse(Refusal refusal) noexcept;

    std::size_t line_start_ = 0;
    std::size_t scanned_ = 0;
    std::size_t lines_ = 0;
    Refusal refusal_;
};

/// What a head says about the connection and the body's framing.
struct Framing {
    bool http_1_0 = false;
    bool keep_alive = false;
    bool chunked = false;
    bool expects_continue = false;
};

/// Reads a complete head that `HeadScanner` let through. Fills the request's method, target, headers, host and body
/// length, and `framing`; says why if the head is refused (RFC 9112, as strict as the README of this room says). What
/// was understood until then, the target above all, is in the request.
std::optional<Refusal> parse_head(std::string_view head, Request& request, Framing& framing);

} // namespace berth::http
