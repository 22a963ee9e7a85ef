#include "base/encoding.hpp"
#include "rbac/role_definition.hpp"

#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace berth::rbac {
namespace {

constexpr std::size_t most_permissions = 64;
constexpr std::size_t most_patterns = 4096;
constexpr std::size_t longest_pattern = 512;

struct List {
    std::string_view name;
    std::vector<std::string> Permission::* patterns;
};
constexpr std::array<List, 4> lists{{{"actions", &Permission::actions},
                                     {"notActions", &Permission::not_actions},
                                     {"dataActions", &Permission::data_actions},
                                     {"notDataActions", &Permission::not_data_actions}}};

std::unexpected<Error> invalid(std::string_view where, std::string_view what) {
    return failure(ErrorCode::invalid_parameter, fmt::format("{}: {}", where, what));
}

// What is wrong with a pattern, or empty.
std::string_view fault_of(std::string_view pattern) {
    if (pattern.empty()) return "an action cannot be empty.";
    if (pattern.size() > longest_pattern) return "an action has at most 512 characters.";
    if (std::ranges::count(pattern, '*') > 1) return "an action can have one '*' at most.";
    if (!std::ranges::all_of(pattern, [](char c) { return c > 0x20 && c < 0x7F; })) {
        return "an action consists of ASCII characters without spaces, as in "
               "Microsoft.ContainerRegistry/registries/pull/read.";
    }
    return {};
}

Result<std::vector<std::string>> parse_patterns(const boost::json::value& json, const std::string& where) {
    std::vector<std::string> out;
    if (json.is_null()) return out;
    if (!json.is_array()) return invalid(where, "must be an array of strings.");
    for (const auto& item : json.get_array()) {
        auto here = [&] { return fmt::format("{}[{}]", where, out.size()); };
        if (out.size() == most_patterns) return invalid(where, "a role has at most 4096 actions.");
        if (!item.is_string()) return invalid(here(), "must be a string.");
        const std::string_view pattern = item.get_string();
        if (auto fault = fault_of(pattern); !fault.empty()) return invalid(here(), fault);
        out.emplace_back(pattern);
    }
    return out;
}

Result<ConditionPointer> read_condition(const boost::json::value& condition, const boost::json::value& version,
                                        const std::string& where) {
    const auto version_at = fmt::format("{}.conditionVersion", where);
    const auto condition_at = fmt::format("{}.condition", where);
    if (!version.is_null() && !version.is_string()) return invalid(version_at, "must be the string 2.0.");
    if (version.is_string() && version.get_string() != "2.0") return invalid(version_at, "the only version is 2.0.");
    if (condition.is_null()) {
        if (version.is_null()) return ConditionPointer();
        return invalid(version_at, "is there without a condition; give both or none.");
    }
    if (!condition.is_string()) return invalid(condition_at, "must be a string.");
    auto parsed = Condition::parse(condition.get_string());
    if (!parsed) return invalid(condition_at, parsed.error().message);
    return *parsed;
}

Result<Permission> parse_permission(const boost::json::object& json, const std::string& where) {
    Permission out;
    std::set<std::string_view> seen;
    boost::json::value condition;
    boost::json::value version;
    for (const auto& [key, value] : json) {
        const std::string_view name = key;
        auto list = std::ranges::find_if(lists, [&](const List& known) { return equals_ignoring_case(known.name, name); });
        const bool is_condition = equals_ignoring_case(name, "condition");
        const bool is_version = equals_ignoring_case(name, "conditionVersion");
        if (list == lists.end() && !is_condition && !is_version) {
            return invalid(where, "has a property that is none of actions, notActions, dataActions, notDataActions, condition, "
                                  "conditionVersion.");
        }
        const std::string_view known = list != lists.end() ? list->name : is_condition ? "condition" : "conditionVersion";
        const auto here = fmt::format("{}.{}", where, known);
        if (!seen.insert(known).second) return invalid(here, "is there twice.");
        if (is_condition) condition = value;
        if (is_version) version = value;
        if (list == lists.end()) continue;
        auto patterns = parse_patterns(value, here);
        if (!patterns) return failure(std::move(patterns));
        out.*(list->patterns) = std::move(*patterns);
    }
    auto parsed = read_condition(condition, version, where);
    if (!parsed) return failure(std::move(parsed));
    out.condition = std::move(*parsed);
    return out;
}

} // namespace

bool Permission::operator==(const Permission& other) const noexcept {
    const bool same_condition =
        condition && other.condition ? condition->text() == other.condition->text() : condition == other.condition;
    return same_condition && actions == other.actions && not_actions == other.not_actions &&
           data_actions == other.data_actions && not_data_actions == other.not_data_actions;
}

Result<std::vector<Permission>> parse_permissions(const boost::json::value& json) {
    if (!json.is_array()) return invalid("permissions", "must be an array of objects.");
    const auto& array = json.get_array();
    if (array.size() > most_permissions) return invalid("permissions", "a role has at most 64 permission objects.");
    std::vector<Permission> out;
    std::size_t patterns = 0;
    for (const auto& item : array) {
        auto where = fmt::format("permissions[{}]", out.size());
        if (!item.is_object()) return invalid(where, "must be an object.");
        auto permission = parse_permission(item.get_object(), where);
        if (!permission) return failure(std::move(permission));
        for (const auto& list : lists) patterns += ((*permission).*(list.patterns)).size();
        if (patterns > most_patterns) return invalid("permissions", "a role has at most 4096 actions.");
        out.push_back(std::move(*permission));
    }
    return out;
}

boost::json::array to_json(std::span<const Permission> permissions) {
    boost::json::array out;
    for (const auto& permission : permissions) {
        boost::json::object object;
        for (const auto& list : lists) {
            const auto& patterns = permission.*(list.patterns);
            object[list.name] = boost::json::array(patterns.begin(), patterns.end());
        }
        if (permission.condition) {
            object["condition"] = permission.condition->text();
            object["conditionVersion"] = "2.0";
        }
        out.push_back(std::move(object));
    }
    return out;
}

} // namespace berth::rbac
