#include "app/route_list.hpp"

#include "app/foundation.hpp"
#include "app/planes.hpp"

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
    case EntryKind::all:
        return names(route.entry.permissions, " and ");
    case EntryKind::any:
        return names(route.entry.permissions, " or ");
    case EntryKind::filter:
        return route.entry.permissions.empty()
                   ? "signed in"
                   : fmt::format("signed in; shows what {} allows", names(route.entry.permissions, ", "));
    case EntryKind::open:
        break;
    }
    return fmt::format("open: {}", route.entry.why);
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

std::string route_list(std::span<const Route> routes, bool markdown) {
    std::string out;
    auto to = std::back_inserter(out);
    if (markdown) out += "| route | method | path | needs | may ask further |\n| --- | --- | --- | --- | --- |\n";
    for (const Route& route : routes) {
        const std::string further = names(route.further, ", ");
        if (markdown) {
            fmt::format_to(to, "| `{}` | {} | `{}` | {} | {} |\n", route.id, http::to_string(route.method),
                           route.pattern, entry_text(route), further);
        } else {
            fmt::format_to(to, "{:<34} {:<6} {}\n{:41} {}{}{}\n", route.id, http::to_string(route.method), route.pattern,
                           "", entry_text(route), further.empty() ? "" : "; further ", further);
        }
    }
    return out;
}

int print_routes(bool markdown) {
    const ScratchFolder folder;
    Configuration configuration;
    configuration.data = folder.path();
    auto foundation = lay_foundation(configuration);
    if (!foundation) {
        std::fputs(fmt::format("berth: {}\n", foundation.error().message).c_str(), stderr);
        return 1;
    }
    Planes planes(**foundation, {}, nullptr);
    std::fputs(route_list(planes.gateway().routes(), markdown).c_str(), stdout);
    return 0;
}

} // namespace berth::app
