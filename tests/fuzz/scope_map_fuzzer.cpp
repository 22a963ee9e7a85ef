// The lines of scope maps arrive in bodies. Whatever is accepted reads back as itself, and allows what it names and nothing
// beside it.

#include "tenant/scope_map.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth::tenant;
    const auto entry = ScopeMapEntry::parse({reinterpret_cast<const char*>(data), size});
    if (!entry) {
        if (entry.error().message.size() > 1024) std::abort();
        return 0;
    }
    const auto again = ScopeMapEntry::parse(entry->to_string());
    if (!again || *again != *entry) std::abort();
    if (entry->is_prefix && !entry->repository.empty() && !entry->repository.ends_with('/')) std::abort();

    const ScopeMap map({*entry});
    const std::string inside = entry->is_prefix ? entry->repository + "app" : entry->repository;
    for (const TokenAction action : all_token_actions) {
        if (map.allows(inside, action) != (action == entry->action)) std::abort();
        if (!entry->is_prefix && map.allows(inside + "x", action)) std::abort();
        if (entry->is_prefix && !entry->repository.empty()) {
            const std::string_view above = std::string_view(entry->repository).substr(0, entry->repository.size() - 1);
            if (map.allows(above, action) || map.allows(std::string(above) + "x/app", action)) std::abort();
        }
    }
    return 0;
}
