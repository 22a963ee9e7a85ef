#include "rbac/policy.hpp"

#include "rbac/built_in_catalog.hpp"
#include "rbac/compiled_policy.hpp"

#include <functional>

namespace berth::rbac {
namespace {

HashIndex index_by_id(const auto& items) {
    HashIndex out(items.size());
    for (std::uint32_t i = 0; i < items.size(); ++i) out.insert(std::hash<Guid>{}(items[i].id), i);
    return out;
}

std::uint32_t find_by_id(const HashIndex& index, const auto& items, const Guid& id) noexcept {
    return index.find(std::hash<Guid>{}(id), [&](std::uint32_t i) { return items[i].id == id; });
}

std::vector<OperationSet> denied_by(const SharedList<DenyAssignment>& deny_assignments) {
    std::vector<OperationSet> out;
    out.reserve(deny_assignments.size());
    for (const auto& each : deny_assignments) {
        auto& denied = out.emplace_back();
        for (const auto& permission : each.permissions) denied |= operations_of(permission);
    }
    return out;
}

} // namespace

CompiledPolicy::CompiledPolicy(PolicyInput input, const CompiledPolicy* previous)
    : input_(std::move(input)), roles_(index_by_id(input_.custom_roles)), assignments_(index_by_id(input_.assignments)),
      deny_assignments_(index_by_id(input_.deny_assignments)), management_groups_(input_.management_groups),
      custom_operations_(input_.custom_roles.size()), denied_(denied_by(input_.deny_assignments)),
      principals_(input_.assignments, input_.memberships, input_.deny_assignments), grants_(grants_of_assignments(previous)),
      denials_(denials_of_deny_assignments()), standings_(principals_, grants_, denials_) {}

std::shared_ptr<const RoleOperations> CompiledPolicy::operations_of_custom_role(std::uint32_t role,
                                                                                const CompiledPolicy* previous) const {
    const auto& record = input_.custom_roles.pointers()[role];
    if (previous) {
        auto before = previous->find_custom_role(record->id);
        // The previous policy keeps its records, so an equal pointer is the same, unchanged record.
        if (before != HashIndex::none && previous->input_.custom_roles.pointers()[before] == record &&
            previous->custom_operations_[before]) {
            return previous->custom_operations_[before];
        }
    }
    return std::make_shared<const RoleOperations>(*record);
}

std::vector<Grant> CompiledPolicy::grants_of_assignments(const CompiledPolicy* previous) {
    static const RoleOperations nothing;
    const auto& catalog = BuiltInCatalog::instance();
    std::vector<Grant> out;
    out.reserve(input_.assignments.size());
    for (const auto& assignment : input_.assignments) {
        if (auto built_in = catalog.find(assignment.role_definition)) {
            out.push_back({&assignment, &catalog.roles()[*built_in], &catalog.operations()[*built_in]});
            continue;
        }
        auto custom = find_custom_role(assignment.role_definition);
        if (custom == HashIndex::none) {
            out.push_back({&assignment, nullptr, &nothing});
            continue;
        }
        auto& operations = custom_operations_[custom];
        if (!operations) operations = operations_of_custom_role(custom, previous);
        out.push_back({&assignment, &input_.custom_roles[custom], operations.get()});
    }
    return out;
}

std::vector<Denial> CompiledPolicy::denials_of_deny_assignments() const {
    std::vector<Denial> out;
    out.reserve(denied_.size());
    for (std::size_t i = 0; i < denied_.size(); ++i) out.push_back({&input_.deny_assignments[i], &denied_[i]});
    return out;
}

std::uint32_t CompiledPolicy::find_custom_role(const Guid& id) const noexcept {
    return find_by_id(roles_, input_.custom_roles, id);
}

const RoleDefinition* CompiledPolicy::find_role(const Guid& id) const {
    if (const auto* built_in = find_built_in_role(id)) return built_in;
    auto custom = find_custom_role(id);
    return custom == HashIndex::none ? nullptr : &input_.custom_roles[custom];
}

const RoleAssignment* CompiledPolicy::find_assignment(const Guid& id) const {
    auto found = find_by_id(assignments_, input_.assignments, id);
    return found == HashIndex::none ? nullptr : &input_.assignments[found];
}

const DenyAssignment* CompiledPolicy::find_deny_assignment(const Guid& id) const {
    auto found = find_by_id(deny_assignments_, input_.deny_assignments, id);
    return found == HashIndex::none ? nullptr : &input_.deny_assignments[found];
}

std::shared_ptr<const Policy> Policy::compile(PolicyInput input, const Policy* previous) {
    return std::make_shared<const CompiledPolicy>(std::move(input), dynamic_cast<const CompiledPolicy*>(previous));
}

} // namespace berth::rbac
