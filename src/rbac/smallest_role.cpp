#include "rbac/built_in_catalog.hpp"
#include "rbac/policy.hpp"

#include "base/encoding.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

namespace berth::rbac {
namespace {

const OperationSet& reads() {
    static const OperationSet set = [] {
        auto out = operations_matching("*/read", false);
        return out |= operations_matching("*/read", true);
    }();
    return set;
}

// Whether a role made for that resource provider is about one of the operations.
bool is_about(std::string_view provider, std::span<const Operation> operations) {
    return provider == "*" || std::ranges::any_of(operations, [&](Operation operation) {
               auto name = operation.name();
               return equals_ignoring_case(name.substr(0, name.find('/')), provider);
           });
}

} // namespace

const RoleDefinition* smallest_role(std::span<const Operation> operations) {
    if (operations.empty()) return nullptr;
    OperationSet wanted;
    for (auto operation : operations) wanted.insert(operation);

    const auto& catalog = BuiltInCatalog::instance();
    const RoleDefinition* best = nullptr;
    // A role made for something else comes last (what it grants there, berth cannot count); then the one that can
    // change least, then the one that can see least, then the first in the data.
    std::tuple<bool, std::size_t, std::size_t> least;
    for (std::size_t i = 0; i < catalog.roles().size(); ++i) {
        auto granted = catalog.operations()[i].unconditional;
        if (!granted.includes(wanted)) continue;
        auto all = granted.size();
        auto changes = (granted -= reads()).size();
        auto cost = std::tuple(!is_about(catalog.concerns()[i], operations), changes, all);
        if (best && cost >= least) continue;
        best = &catalog.roles()[i];
        least = cost;
    }
    return best;
}

} // namespace berth::rbac
