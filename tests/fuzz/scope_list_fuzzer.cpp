// The `scope` of a token request: bounded, and what was read is read again from how it is written.
#include "identity/caller.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using berth::identity::TokenScope;
    const auto scopes = TokenScope::parse_list({reinterpret_cast<const char*>(data), size});
    if (scopes.size() > 64) std::abort();
    std::string written;
    for (const TokenScope& scope : scopes) {
        if (scope.actions.size() > 32 || scope.type.find(':') != std::string::npos) std::abort();
        written += scope.to_string() + " ";
    }
    const auto again = TokenScope::parse_list(written);
    if (again.size() != scopes.size()) std::abort();
    for (std::size_t i = 0; i < scopes.size(); ++i) {
        if (again[i].type != scopes[i].type || again[i].name != scopes[i].name || again[i].actions != scopes[i].actions) {
            std::abort();
        }
    }
    berth::identity::Caller caller;
    caller.narrowed_to = std::make_shared<const std::vector<TokenScope>>(scopes);
    for (const TokenScope& scope : scopes) {
        for (const std::string& action : scope.actions) {
            if (!caller.narrowing_allows(scope.type, scope.name, action)) std::abort();
        }
    }
    return 0;
}
