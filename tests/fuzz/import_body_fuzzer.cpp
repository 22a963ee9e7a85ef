#include "base/strict_json.hpp"
#include "control_plane/import_body.hpp"
#include "outbound/target_url.hpp"

#include <cstdint>
#include <cstdlib>

// The body of importImage.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto json = berth::parse_json({reinterpret_cast<const char*>(data), size});
    if (!json) return 0;
    const auto body = berth::control_plane::parse_import_body(*json);
    if (!body) {
        if (body.error().message.empty()) std::abort();
        return 0;
    }
    if (body->targets.empty() || body->resource.has_value() == !body->host.empty()) std::abort();
    if (!body->host.empty() && !berth::outbound::TargetUrl::parse("https://" + body->host)) std::abort();
    return 0;
}
