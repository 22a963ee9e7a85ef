#include "base/encoding.hpp"
#include "sign_in/authorization_request.hpp"

#include <cstdint>
#include <cstdlib>

// The query that a client sends a browser with. What is taken goes to an address of the client and to no other.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth;
    using namespace berth::sign_in;
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto query = Parameters::parse(text);
    if (!query) return 0;
    ClientRegistration client;
    client.id = azure_cli_client_id;
    client.redirect_uris = {.web = {"https://app.example/callback"}, .single_page = {}, .public_client = {"http://localhost"}};
    const auto destination = Destination::parse(*query, client);
    if (!destination) return 0;
    const std::string& uri = destination->redirect_uri;
    const std::string lower = to_lower(uri);
    if (lower != "https://app.example/callback" && lower != "http://localhost" && lower != "http://localhost/" &&
        !lower.starts_with("http://localhost:")) {
        std::abort();
    }
    if (uri.find('@') != std::string::npos || uri.find('#') != std::string::npos) std::abort();
    const auto request = AuthorizationRequest::parse(static_cast<TokenForm>(data[0] % 3), *query, client, *destination);
    if (!request) {
        if (request.error().protocol_code.empty()) std::abort();
        return 0;
    }
    if (request->code_challenge.size() != 43 || request->access.resource.empty()) std::abort();
    const auto again = AuthorizationRequest::from_json(request->to_json());
    if (!again || again->access != request->access || again->destination.state != destination->state) std::abort();
    return 0;
}
