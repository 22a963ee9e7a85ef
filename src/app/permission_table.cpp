#include "app/permission_table.hpp"

#include "rbac/operation_set.hpp"
#include "rbac/role_definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace berth::app {
namespace {

using gateway::Permission;
using gateway::Route;

struct GrantedBy {
    const rbac::RoleDefinition* role;
    rbac::OperationSet operations;

    bool grants(const std::vector<rbac::Operation>& wanted) const {
        return !wanted.empty() && std::ranges::all_of(wanted, [&](rbac::Operation one) { return operations.contains(one); });
    }
};

std::vector<GrantedBy> built_in_roles() {
    std::vector<GrantedBy> out;
    for (const auto& role : rbac::built_in_roles()) out.push_back({&role, rbac::operations_of(role)});
    return out;
}

// The data plane's permissions have names of their own and differ with the mode; the others are one operation's.
bool is_of_data_plane(const Permission& permission) { return permission.name.find("Microsoft.") != 0; }

// Each permission once, in the order of the routes.
std::vector<const Permission*> permissions_of(std::span<const Route> routes, bool data_plane) {
    std::vector<const Permission*> out;
    const auto add = [&](const std::vector<const Permission*>& permissions) {
        for (const Permission* permission : permissions) {
            if (!permission->directory_permission.empty() || is_of_data_plane(*permission) != data_plane) continue;
            if (std::ranges::any_of(out, [&](const Permission* one) { return one->name == permission->name; })) continue;
            out.push_back(permission);
        }
    };
    for (const Route& route : routes) {
        add(route.entry.permissions);
        add(route.further);
    }
    return out;
}

std::string_view modes_in_which(const GrantedBy& role, const Permission& permission) {
    const bool registry = role.grants(permission.registry_permissions);
    const bool repository = role.grants(permission.repository_permissions);
    return registry && repository ? "both" : registry ? "registry" : repository ? "repository" : "";
}

} // namespace

std::string permission_table(std::span<const Route> routes) {
    const auto roles = built_in_roles();
    std::string out;
    auto to = std::back_inserter(out);

    const auto data_plane = permissions_of(routes, true);
    out += "| role |";
    for (const Permission* permission : data_plane) {
        fmt::format_to(to, " {} |", permission->name.substr(permission->name.find('/') + 1));
    }
    out += "\n| --- |";
    for (std::size_t i = 0; i < data_plane.size(); ++i) out += " --- |";
    out += "\n";
    for (const GrantedBy& role : roles) {
        std::string row;
        bool any = false;
        for (const Permission* permission : data_plane) {
            const std::string_view modes = modes_in_which(role, *permission);
            any = any || !modes.empty();
            fmt::format_to(std::back_inserter(row), " {} |", modes);
        }
        if (any) fmt::format_to(to, "| {} |{}\n", role.role->name, row);
    }

    out += "\n| operation | built-in roles that grant it |\n| --- | --- |\n";
    auto operations = permissions_of(routes, false);
    std::ranges::sort(operations, {}, [](const Permission* permission) { return permission->name; });
    for (const Permission* permission : operations) {
        std::string names;
        for (const GrantedBy& role : roles) {
            if (!role.grants(permission->registry_permissions)) continue;
            if (!names.empty()) names += ", ";
            names += role.role->name;
        }
        fmt::format_to(to, "| `{}` | {} |\n", permission->name, names);
    }
    return out;
}

} // namespace berth::app
