#include "tenant/principal_table.hpp"

#include "base/encoding.hpp"
#include "tenant/lowered.hpp"

namespace berth::tenant {

std::string_view to_string(PrincipalKind kind) noexcept {
    switch (kind) {
    case PrincipalKind::user: return "User";
    case PrincipalKind::group: return "Group";
    case PrincipalKind::service_principal: break;
    }
    return "ServicePrincipal";
}

std::optional<PrincipalKind> parse_principal_kind(std::string_view text) noexcept {
    for (const auto kind : {PrincipalKind::user, PrincipalKind::group, PrincipalKind::service_principal}) {
        if (to_string(kind) == text) return kind;
    }
    return std::nullopt;
}

PrincipalTable::PrincipalTable(std::vector<Principal> principals) : principals_(std::move(principals)) {
    by_id_.reserve(principals_.size());
    for (std::size_t i = 0; i < principals_.size(); ++i) {
        const Principal& principal = principals_[i];
        by_id_.emplace(principal.id, i);
        if (principal.application_id) by_application_.emplace(*principal.application_id, i);
        if (principal.user_principal_name) by_user_name_.emplace(to_lower(*principal.user_principal_name), i);
    }
}

const Principal* PrincipalTable::find(const Guid& id) const noexcept {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &principals_[found->second];
}

const Principal* PrincipalTable::find_by_application(const Guid& application_id) const noexcept {
    const auto found = by_application_.find(application_id);
    return found == by_application_.end() ? nullptr : &principals_[found->second];
}

const Principal* PrincipalTable::find_user(std::string_view user_principal_name) const noexcept {
    if (user_principal_name.size() > Lowered::longest) return nullptr;
    const Lowered lowered(user_principal_name);
    const auto found = by_user_name_.find(lowered.view());
    return found == by_user_name_.end() ? nullptr : &principals_[found->second];
}

} // namespace berth::tenant
