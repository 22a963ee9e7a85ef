#include "rbac/built_in_catalog.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "rbac/reference_data.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace berth::rbac {
namespace {

// The data is part of the program: if it cannot be read, the program was built wrong.
[[noreturn]] void data_is_broken(const std::string& why) {
    std::fprintf(stderr, "berth: the compiled-in built-in roles cannot be read: %s\n", why.c_str());
    std::abort();
}

} // namespace

const BuiltInCatalog& BuiltInCatalog::instance() {
    static const BuiltInCatalog catalog;
    return catalog;
}

BuiltInCatalog::BuiltInCatalog() {
    auto json = parse_json(built_in_roles_json);
    if (!json) data_is_broken(json.error().message);
    const auto* roles = find_member(*json, "roles");
    if (!roles || !roles->is_array()) data_is_broken("`roles` is no array");
    by_id_ = HashIndex(roles->get_array().size());
    for (const auto& item : roles->get_array()) {
        auto id = Guid::parse(find_string(item, "id").value_or(""));
        auto name = find_string(item, "roleName");
        auto description = find_string(item, "description");
        auto concerns = find_string(item, "concerns");
        const auto* permissions = find_member(item, "permissions");
        if (!id || !name || !description || !concerns || !permissions) data_is_broken("a role lacks a property");
        auto parsed = parse_permissions(*permissions);
        if (!parsed) data_is_broken(std::string(*name) + ": " + parsed.error().message);
        if (find(*id)) data_is_broken(std::string(*name) + " is there twice");
        by_id_.insert(std::hash<Guid>{}(*id), static_cast<std::uint32_t>(roles_.size()));
        RoleDefinition role{.id = *id,
                            .name = std::string(*name),
                            .built_in = true,
                            .description = std::string(*description),
                            .permissions = std::move(*parsed),
                            .assignable_scopes = {Scope::root()},
                            .created_at = {},
                            .created_by = {},
                            .updated_at = {},
                            .updated_by = {}};
        operations_.emplace_back(role);
        concerns_.emplace_back(*concerns);
        roles_.push_back(std::move(role));
    }
}

std::optional<std::size_t> BuiltInCatalog::find(const Guid& id) const noexcept {
    auto found = by_id_.find(std::hash<Guid>{}(id), [&](std::uint32_t i) { return roles_[i].id == id; });
    if (found == HashIndex::none) return std::nullopt;
    return found;
}

std::span<const RoleDefinition> built_in_roles() { return BuiltInCatalog::instance().roles(); }

const RoleDefinition* find_built_in_role(const Guid& id) noexcept {
    const auto& catalog = BuiltInCatalog::instance();
    auto index = catalog.find(id);
    return index ? &catalog.roles()[*index] : nullptr;
}

const RoleDefinition* find_built_in_role(std::string_view name) noexcept {
    const auto& roles = BuiltInCatalog::instance().roles();
    auto found = std::ranges::find_if(roles, [&](const RoleDefinition& role) { return equals_ignoring_case(role.name, name); });
    return found == roles.end() ? nullptr : &*found;
}

} // namespace berth::rbac
