#include "tenant/scope_range.hpp"

#include <fmt/format.h>

namespace berth::tenant {
namespace {

// '0' follows '/': the range holds exactly what lies below.
ScopeRange range_below(std::string_view key) { return {std::string(key), fmt::format("{}/", key), fmt::format("{}0", key)}; }

} // namespace

ScopeRange range_of(const rbac::Scope& scope) { return range_below(scope.key()); }

ScopeRange counted_with(const rbac::Scope& scope) {
    constexpr std::string_view beginning = "/subscriptions/";
    for (const std::string_view above : scope.chain()) {
        if (above.starts_with(beginning) && above.find('/', beginning.size()) == std::string_view::npos) {
            return range_below(above);
        }
    }
    return {scope.key(), {}, {}};
}

} // namespace berth::tenant
