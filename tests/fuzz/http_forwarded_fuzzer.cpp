// What a trusted proxy says about the client: each line of the input is a field, chosen by its first character.
#include "http/forwarded.hpp"
#include "http/host.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace berth::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static constexpr std::array<const char*, 4> names{"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"};
    static const auto proxies = TrustedProxies::parse({"10.0.0.0/8"});
    static const auto peer = IpAddress::parse("10.0.0.1");
    Request request;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + (line.size() < rest.size() ? 1 : 0));
        if (!line.empty()) request.headers.add(names[static_cast<std::size_t>(line[0]) % 4], std::string(line.substr(1)));
    }
    if (apply_forwarded(request, *peer, *proxies)) return 0;
    if (!request.host.empty() && parse_host(request.host) != request.host) std::abort();
    if (!request.remote_address.empty() && !IpAddress::parse(request.remote_address)) std::abort();
    return 0;
}
