// Chunked bodies, whole and byte by byte: the same outcome, and never more data than bytes.
#include "http/chunked.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

struct Outcome {
    std::string data;
    std::size_t used = 0;
    bool ended = false;
    bool failed = false;
    bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view bytes, std::size_t piece) {
    berth::http::ChunkedFraming framing;
    Outcome out;
    while (out.used < bytes.size() && !framing.ended()) {
        const std::string_view part = bytes.substr(out.used, piece);
        const auto taken = framing.take(part);
        if (!taken) {
            out.failed = true;
            out.used = 0; // how far it came depends on the pieces
            return out;
        }
        const auto data = std::min<std::uint64_t>(part.size() - *taken, framing.data_left());
        out.data += part.substr(*taken, data);
        framing.took(data);
        out.used += *taken + data;
        if (*taken + data == 0) std::abort(); // no progress
    }
    out.ended = framing.ended();
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Outcome whole = decode(bytes, std::max<std::size_t>(size, 1));
    const Outcome single = decode(bytes, 1);
    if (whole.failed != single.failed || whole.data.size() > size) std::abort();
    if (!whole.failed && !(whole == single)) std::abort();
    return 0;
}
