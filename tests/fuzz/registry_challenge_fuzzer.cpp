#include "data_plane/import/registry_challenge.hpp"

#include <cstdint>
#include <cstdlib>

// What another registry answers: a challenge, or, behind the first byte, a token server's JSON.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth::data_plane;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto challenge = parse_registry_challenge(text);
    if (challenge && challenge->scheme == RegistryChallenge::Scheme::bearer && challenge->realm.empty()) std::abort();
    if (text.empty()) return 0;
    for (const auto& token : {parse_registry_token(text.substr(1)), parse_refresh_token(text.substr(1))}) {
        if (!token) continue;
        if (token->empty()) std::abort();
        for (const char c : token->reveal()) {
            if (c <= ' ' || c >= 0x7f) std::abort();
        }
    }
    return 0;
}
