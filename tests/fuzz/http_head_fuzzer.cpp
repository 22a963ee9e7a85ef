// Heads of requests as they come from the wire, in two pieces: no crash, and what is accepted holds what it promises.
#include "http/characters.hpp"
#include "http/head.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace berth::http;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

HeadScanner::State scan(HeadScanner& scanner, std::string_view bytes, std::size_t first_piece) {
    const auto state = scanner.scan(bytes.substr(0, first_piece));
    return state == HeadScanner::State::incomplete ? scanner.scan(bytes) : state;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    HeadScanner whole;
    const auto state = scan(whole, bytes, size);
    HeadScanner pieces;
    const auto again = scan(pieces, bytes, size / 2);
    require(state == again && (state != HeadScanner::State::complete || whole.size() == pieces.size()));
    if (state != HeadScanner::State::complete) return 0;

    const std::string_view head = bytes.substr(0, whole.size());
    require(head.ends_with("\r\n\r\n"));
    Request request;
    Framing framing;
    if (parse_head(head, request, framing)) return 0;

    require(request.target.starts_with('/') || request.target == "*");
    require(request.path.size() + (request.query.empty() ? 0 : 1) + request.query.size() <= request.target.size());
    require(!request.host.empty() || framing.http_1_0);
    require(!framing.chunked || (!request.content_length && request.has_body && !framing.http_1_0));
    require(request.headers.all("Content-Length").size() + request.headers.all("Transfer-Encoding").size() <= 1);
    require(request.headers.all("Host").size() <= 1);
    for (std::size_t i = 0; i < request.headers.size(); ++i) {
        const auto [name, value] = request.headers[i];
        require(!name.empty() && std::ranges::all_of(name, is_token_character));
        require(std::ranges::all_of(value, is_value_character));
    }
    return 0;
}
