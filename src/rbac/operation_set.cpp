#include "rbac/operation_set.hpp"

#include "base/encoding.hpp"
#include "rbac/operation_table.hpp"

namespace berth::rbac {

OperationSet operations_matching(std::string_view pattern, bool data_actions) {
    OperationSet out;
    const auto& table = OperationTable::instance();
    auto star = pattern.find('*');
    if (star == std::string_view::npos) {
        if (auto number = table.find(pattern, data_actions)) out.insert(Operation::at(*number));
        return out;
    }
    // The names that share what stands before the star are side by side; only they are looked at, and only at the rest.
    auto [begin, end] = table.range(to_lower(pattern.substr(0, star)), data_actions);
    for (auto i = begin; i < end; ++i) {
        auto rest = std::string_view(table.entries()[i].key).substr(star);
        if (matches_action(pattern.substr(star), rest)) out.insert(Operation::at(i));
    }
    for (const auto i : table.matched_as_others()) {
        const auto& entry = table.entries()[i];
        if (entry.is_data_action == data_actions && matches_action(pattern, entry.also_matched_as))
            out.insert(Operation::at(i));
    }
    return out;
}

OperationSet operations_of(const Permission& permission) {
    OperationSet out;
    OperationSet excluded;
    for (const auto& pattern : permission.actions) out |= operations_matching(pattern, false);
    for (const auto& pattern : permission.data_actions) out |= operations_matching(pattern, true);
    for (const auto& pattern : permission.not_actions) excluded |= operations_matching(pattern, false);
    for (const auto& pattern : permission.not_data_actions) excluded |= operations_matching(pattern, true);
    return out -= excluded;
}

OperationSet operations_of(const RoleDefinition& role) {
    OperationSet out;
    for (const auto& permission : role.permissions) out |= operations_of(permission);
    return out;
}

} // namespace berth::rbac
