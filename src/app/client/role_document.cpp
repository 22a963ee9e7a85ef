#include "app/client/role_document.hpp"

#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "base/strict_json.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::app {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

// Members that a printed role has and that the server decides.
constexpr std::array<std::string_view, 8> ignored = {"type",      "roletype",  "createdon", "updatedon",
                                                     "createdby", "updatedby", "iscustom",  "systemdata"};
constexpr std::array<std::string_view, 4> operations = {"actions", "notActions", "dataActions", "notDataActions"};

std::unexpected<Error> wrong(std::string_view member, std::string_view must) {
    return failure(ErrorCode::invalid_parameter, fmt::format("'{}' of the role must be {}.", member, must));
}

Result<array> texts(std::string_view member, const value& from) {
    const bool all_text =
        from.is_array() && std::ranges::all_of(from.get_array(), [](const value& item) { return item.is_string(); });
    if (!all_text) return wrong(member, "an array of strings");
    return from.get_array();
}

// One member of a role or of its `properties`.
Result<void> take(RoleDocument& out, object& permission, std::string_view name, const value& member) {
    const std::string key = to_lower(name);
    if (member.is_null() || std::ranges::find(ignored, key) != ignored.end()) return {};
    for (const std::string_view operation : operations) {
        if (key != to_lower(operation)) continue;
        auto list = texts(name, member);
        if (!list) return failure(std::move(list));
        permission[operation] = std::move(*list);
        return {};
    }
    if (key == "assignablescopes") {
        auto list = texts(name, member);
        if (!list) return failure(std::move(list));
        out.properties["assignableScopes"] = std::move(*list);
        return {};
    }
    if (key == "permissions") {
        if (!member.is_array()) return wrong(name, "an array of objects");
        out.properties["permissions"] = member;
        return {};
    }
    if (key == "properties") {
        if (!member.is_object()) return wrong(name, "an object");
        for (const auto& [inner, inner_member] : member.get_object()) {
            if (auto taken = take(out, permission, inner, inner_member); !taken) return taken;
        }
        return {};
    }
    if (!member.is_string()) return wrong(name, "a string");
    const std::string text(member.get_string());
    if (key == "id" || key == "name") {
        // az's `Name` is the role's name, ARM's `name` its GUID.
        const auto guid = Guid::parse(text.substr(text.rfind('/') + 1));
        if (guid) {
            out.guid = guid->value();
        } else if (key == "name" && !out.properties.contains("roleName")) {
            out.properties["roleName"] = text;
        }
        return {};
    }
    if (key == "rolename") {
        out.properties["roleName"] = text;
    } else if (key == "description") {
        out.properties["description"] = text;
    } else {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("A role has no '{}'. It has Name, Description, Actions, NotActions, DataActions, "
                                   "NotDataActions and AssignableScopes.",
                                   name));
    }
    return {};
}

} // namespace

Result<RoleDocument> RoleDocument::parse(std::string_view text, const std::string& default_scope) {
    auto json = parse_json(text);
    if (!json) return failure(std::move(json));
    if (!json->is_object()) return failure(ErrorCode::invalid_json, "A role is a JSON object.");
    RoleDocument out;
    object permission;
    for (const auto& [name, member] : json->get_object()) {
        if (auto taken = take(out, permission, name, member); !taken) return failure(std::move(taken));
    }
    if (!out.properties.contains("roleName")) return wrong("Name", "there");
    if (!permission.empty()) {
        if (out.properties.contains("permissions")) {
            return failure(ErrorCode::invalid_parameter, "Give the role's actions once: in 'permissions' or beside the name.");
        }
        out.properties["permissions"] = array{value(std::move(permission))};
    }
    if (!out.properties.contains("assignableScopes")) out.properties["assignableScopes"] = array{value(default_scope)};
    return out;
}

} // namespace berth::app
