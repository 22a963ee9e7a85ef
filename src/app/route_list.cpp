#include "app/route_list.hpp"

#include "app/foundation.hpp"
#include "app/permission_table.hpp"
#include "app/planes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>

namespace berth::app {
namespace {

using gateway::EntryKind;
using gateway::Permission;
using gateway::Route;

std::string names(const std::vector<const Permission*>& permissions, std::string_view joint) {
    std::string out;
    for (const Permission* permission : permissions) {
        if (!out.empty()) out += joint;
        out += permission->name;
    }
    return out;
}

std::string entry_text(const Route& route) {
    switch (route.entry.kind) {
    case EntryKind::all: return names(route.entry.permissions, " and ");
    case EntryKind::deferred:
        return fmt::format("{}, its conditions when the body is known", names(route.entry.permissions, " and "));
    case EntryKind::all_or_filter:
        return fmt::format("{}; without it, with repository permissions, shows what {} allows",
                           names(route.entry.permissions, " and "), names(route.further, ", "));
    case EntryKind::any: return names(route.entry.permissions, " or ");
    case EntryKind::filter:
        return route.entry.permissions.empty()
                   ? "signed in"
                   : fmt::format("signed in; shows what {} allows", names(route.entry.permissions, ", "));
    case EntryKind::open: break;
    }
    return fmt::format("open: {}", route.entry.why);
}

std::string_view kind_name(EntryKind kind) {
    switch (kind) {
    case EntryKind::all: return "all";
    case EntryKind::all_or_filter: return "all or filter";
    case EntryKind::deferred: return "deferred";
    case EntryKind::any: return "any";
    case EntryKind::filter: return "filter";
    case EntryKind::open: break;
    }
    return "open";
}

std::string_view protocol_name(gateway::Protocol protocol) {
    using enum gateway::Protocol;
    switch (protocol) {
    case registry: return "registry";
    case registry_token: return "registry_token";
    case resource_manager: return "resource_manager";
    case graph: return "graph";
    case sign_in: return "sign_in";
    case berth: break;
    }
    return "berth";
}

boost::json::array operations_as_json(const std::vector<rbac::Operation>& operations) {
    boost::json::array out;
    for (const auto operation : operations) {
        out.push_back(boost::json::object{{"name", operation.name()}, {"isDataAction", operation.is_data_action()}});
    }
    return out;
}

boost::json::array permissions_as_json(const std::vector<const Permission*>& permissions) {
    boost::json::array out;
    for (const Permission* permission : permissions) {
        boost::json::object one{{"name", permission->name},
                                {"registryPermissions", operations_as_json(permission->registry_permissions)},
                                {"repositoryPermissions", operations_as_json(permission->repository_permissions)}};
        if (!permission->directory_permission.empty()) one["directoryPermission"] = permission->directory_permission;
        out.push_back(std::move(one));
    }
    return out;
}

std::string routes_as_json(std::span<const Route> routes) {
    boost::json::array out;
    for (const Route& route : routes) {
        boost::json::object entry{{"kind", kind_name(route.entry.kind)},
                                  {"permissions", permissions_as_json(route.entry.permissions)}};
        if (!route.entry.why.empty()) entry["why"] = route.entry.why;
        out.push_back(boost::json::object{{"id", route.id},
                                          {"method", http::to_string(route.method)},
                                          {"pattern", route.pattern},
                                          {"protocol", protocol_name(route.protocol)},
                                          {"entry", std::move(entry)},
                                          {"further", permissions_as_json(route.further)},
                                          {"scope", route.scope},
                                          {"bodyLimit", route.body_limit},
                                          {"summary", route.summary}});
    }
    return boost::json::serialize(boost::json::object{{"routes", std::move(out)}}) + "\n";
}

// A data folder that nobody keeps: the table is that of a program put together as it serves, not a copy of it.
class ScratchFolder {
public:
    ScratchFolder() : path_((std::filesystem::temp_directory_path() / "berth-routes-XXXXXX").string()) {
        made_ = ::mkdtemp(path_.data()) != nullptr;
    }
    ~ScratchFolder() {
        std::error_code ignored;
        if (made_) std::filesystem::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
    bool made_ = false;
};

} // namespace

std::string route_list(std::span<const Route> routes, RouteListForm form) {
    if (form == RouteListForm::json) return routes_as_json(routes);
    if (form == RouteListForm::roles) return permission_table(routes);
    const bool markdown = form == RouteListForm::markdown;
    std::string out;
    auto to = std::back_inserter(out);
    if (markdown) out += "| route | method | path | needs | may ask further |\n| --- | --- | --- | --- | --- |\n";
    for (const Route& route : routes) {
        const std::string further = names(route.further, ", ");
        if (markdown) {
            fmt::format_to(to, "| `{}` | {} | `{}` | {} | {} |\n", route.id, http::to_string(route.method), route.pattern,
                           entry_text(route), further);
        } else {
            fmt::format_to(to, "{:<34} {:<6} {}\n{:41} {}{}{}\n", route.id, http::to_string(route.method), route.pattern, "",
                           entry_text(route), further.empty() ? "" : "; further ", further);
        }
    }
    return out;
}

int print_routes(RouteListForm form) {
    const ScratchFolder folder;
    Configuration configuration;
    configuration.data = folder.path();
    auto foundation = lay_foundation(configuration);
    if (!foundation) {
        std::fputs(fmt::format("berth: {}\n", foundation.error().message).c_str(), stderr);
        return 1;
    }
    Planes planes(**foundation, {}, nullptr);
    std::fputs(route_list(planes.gateway().routes(), form).c_str(), stdout);
    return 0;
}

} // namespace berth::app
