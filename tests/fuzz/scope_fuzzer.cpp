// Scopes arrive in paths, bodies and filters. Whatever is accepted is normal: it parses to itself again, and its chain
// leads upward to the root.

#include "rbac/scope.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using berth::rbac::Scope;
    auto scope = Scope::parse({reinterpret_cast<const char*>(data), size});
    if (!scope) return 0;
    auto again = Scope::parse(scope->value());
    if (!again || again->value() != scope->value() || !(*again == *scope)) std::abort();
    auto lower = Scope::parse(scope->key());
    if (!lower || !(*lower == *scope) || !lower->covers(*scope) || !scope->covers(*lower)) std::abort();
    if (!Scope::root().covers(*scope)) std::abort();

    std::size_t previous = SIZE_MAX;
    for (std::string_view level : scope->chain()) {
        if (level.empty() || level.size() >= previous) std::abort();
        previous = level.size();
        auto above = Scope::parse(level);
        if (!above || !above->covers(*scope)) std::abort();
        if (level.size() < scope->key().size() && scope->covers(*above)) std::abort();
    }
    if (previous != 1) std::abort();
    return 0;
}
