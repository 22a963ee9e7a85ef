#include "sign_in/requested_access.hpp"
#include "sign_in/token_request.hpp"

#include <cstdint>
#include <cstdlib>

// The first byte chooses the form, a line break separates the Authorization header from the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth::sign_in;
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto form = static_cast<TokenForm>(data[0] % 3);
    const std::size_t line = text.find('\n');
    const bool has_header = line != std::string_view::npos;
    const auto header = has_header ? std::optional(text.substr(0, line)) : std::nullopt;
    const auto request = TokenRequest::parse(form, has_header ? text.substr(line + 1) : text, header);
    if (request) {
        if (request->client_id.empty() || request->grant_type.empty()) std::abort();
        const auto resource = resource_for_client(*request);
        if (resource && resource->empty()) std::abort();
        const auto access = RequestedAccess::parse(form, request->find("scope"), request->find("resource"));
        if (access && (access->resource.empty() || access->permissions.empty())) std::abort();
    } else if (request.error().protocol_code.empty() || !request.error().message.starts_with("AADSTS")) {
        std::abort();
    }
    return 0;
}
