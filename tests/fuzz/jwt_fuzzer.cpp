// Tokens from outside. The first byte says what the rest is: a whole token; a header and claims to be put into one with
// a signature of zeros; claims, which get a good signature, so that what reads claims is reached too.
#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "identity/compact_token.hpp"
#include "identity/directory_tokens.hpp"
#include "identity/registry_claims.hpp"
#include "identity/registry_tokens.hpp"
#include "identity/testing/test_clock.hpp"
#include "tenant/testing/world_builder.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace berth;
using namespace berth::identity;

struct Server {
    TestClock clock;
    std::unique_ptr<KeyRing> keys = KeyRing::in_memory(clock);
    tenant::WorldBuilder builder;
    tenant::World world = [this] {
        builder.add_registry("images").admin_user_enabled = true;
        builder.add_service_principal("robot");
        return builder.build();
    }();
    RegistryTokens registry_tokens{*keys, clock};
    DirectoryTokens directory_tokens{*keys, clock};
};

// Nobody but berth makes tokens that hold.
void must_be_refused(Server& server, std::string_view token) {
    constexpr std::array accepted{Audience::resource_manager, Audience::graph, Audience::registry};
    const auto& registry = server.world.registries().front();
    if (server.registry_tokens.verify_access(server.world, registry, token)) std::abort();
    if (server.registry_tokens.verify_refresh(server.world, registry, token)) std::abort();
    if (server.directory_tokens.verify(server.world, accepted, token)) std::abort();
    (void)CompactToken::parse(token);
}

void check_claims(Server& server, std::string_view text) {
    const auto json = parse_json(text, {.depth = 6});
    if (!json || !json->is_object()) return;
    const std::string written = write_claims(json->get_object());
    if (to_base64url(as_bytes(written)).find_first_of("-_") != std::string::npos) std::abort();
    const auto again = parse_json(written);
    if (!again || *again != *json) std::abort();

    // Whatever comes out of claims is complete; who it is depends on the world alone.
    const auto claims = RegistryClaims::parse(json->get_object());
    if (claims && (claims->caller == CallerKind::principal) != claims->principal.has_value()) std::abort();
    const auto token = server.keys->sign(KeyPurpose::registry, json->get_object());
    if (!token) std::abort();
    const auto caller = server.registry_tokens.verify_access(server.world, server.world.registries().front(), *token);
    if (caller && (!claims || !caller->narrowed_to)) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Server server;
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 3) {
    case 0: must_be_refused(server, text); break;
    case 1: {
        const auto end = text.find('\0');
        const std::string_view header = text.substr(0, end);
        const std::string_view claims = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        must_be_refused(server,
                        to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(claims)) + "." + to_base64url(Bytes(64)));
        break;
    }
    default: check_claims(server, text);
    }
    return 0;
}
