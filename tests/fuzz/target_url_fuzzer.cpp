#include "outbound/target_url.hpp"

#include <cstdint>
#include <cstdlib>

// A realm, a Location or an issuer that another server names: what is called is what was checked.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using berth::outbound::TargetUrl;
    const auto url = TargetUrl::parse({reinterpret_cast<const char*>(data), size});
    if (!url) return 0;
    if (url->host.empty() || url->port == 0 || !url->target.starts_with('/')) std::abort();
    const auto again = TargetUrl::parse(url->to_string());
    if (!again || !again->same_origin(*url) || again->target != url->target) std::abort();
    return 0;
}
