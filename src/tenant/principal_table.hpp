#pragma once

#include "tenant/principal.hpp"
#include "tenant/text_index.hpp"

#include <span>
#include <unordered_map>
#include <vector>

namespace berth::tenant {

/// All principals of a world. Immutable; pointers live as long as the table.
class PrincipalTable {
public:
    explicit PrincipalTable(std::vector<Principal> principals);

    std::span<const Principal> all() const noexcept { return principals_; }
    const Principal* find(const Guid& id) const noexcept;
    const Principal* find_by_application(const Guid& application_id) const noexcept;
    /// Without regard to case.
    const Principal* find_user(std::string_view user_principal_name) const noexcept;

private:
    std::vector<Principal> principals_;
    TextIndex by_user_name_; // lower case
    std::unordered_map<Guid, std::size_t> by_id_;
    std::unordered_map<Guid, std::size_t> by_application_;
};

} // namespace berth::tenant
