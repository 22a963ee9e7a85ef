#include "app/client/names.hpp"

#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "base/percent.hpp"
#include "base/strict_json.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::app {
namespace {

constexpr std::size_t most_ids = 1000; // Graph's limit of getByIds

struct Lookup {
    std::string_view collection;
    std::string_view property;
    Wanted of;
    bool takes_guid;
};
constexpr std::array<Lookup, 5> lookups = {{
    {"/servicePrincipals", "appId", Wanted::service_principal, true},
    {"/servicePrincipals", "displayName", Wanted::service_principal, false},
    {"/groups", "displayName", Wanted::group, false},
    {"/users", "userPrincipalName", Wanted::user, false},
    {"/users", "displayName", Wanted::user, false},
}};

// `#microsoft.graph.servicePrincipal` -> `ServicePrincipal`.
std::string type_of(const boost::json::value& object) {
    const auto full = find_string(object, "@odata.type").value_or("");
    std::string type(full.substr(full.rfind('.') + 1));
    if (!type.empty() && type.front() >= 'a' && type.front() <= 'z') type.front() = static_cast<char>(type.front() - 'a' + 'A');
    return type;
}

DirectoryName name_of(const boost::json::value& object) {
    return {.id = std::string(find_string(object, "id").value_or("")),
            .type = type_of(object),
            .name = std::string(find_string(object, "displayName").value_or("")),
            .client_id = std::string(find_string(object, "appId").value_or(""))};
}

std::string_view noun_of(Wanted wanted) {
    switch (wanted) {
    case Wanted::service_principal: return "service principal";
    case Wanted::group: return "group";
    case Wanted::user: return "user";
    case Wanted::anybody: break;
    }
    return "user, group or service principal";
}

std::unexpected<Error> ambiguous(const std::string& name, const std::vector<DirectoryName>& found) {
    std::string message = fmt::format("'{}' is the name of {}. Say which by its object id:", name, found.size());
    for (const auto& one : found) {
        message += fmt::format("\n  {}  {}{}", one.id, one.type, one.client_id.empty() ? "" : ", client id " + one.client_id);
    }
    return failure(ErrorCode::conflict, std::move(message));
}

Result<boost::json::value> get_by_ids(Session& session, std::span<const std::string> ids) {
    boost::json::array wanted;
    for (const auto& id : ids) wanted.push_back(boost::json::value(id));
    return session.graph(
        "POST", "/directoryObjects/getByIds",
        boost::json::object{{"ids", std::move(wanted)}, {"types", boost::json::array{"user", "group", "servicePrincipal"}}});
}

} // namespace

Result<DirectoryName> resolve_name(Session& session, const std::string& name, Wanted wanted) {
    const auto guid = Guid::parse(name);
    std::vector<DirectoryName> found;
    for (const Lookup& lookup : lookups) {
        if (lookup.takes_guid != guid.has_value()) continue;
        if (wanted != Wanted::anybody && lookup.of != wanted && !guid) continue;
        auto items = session.list_graph(fmt::format(
            "{}?$filter={}", lookup.collection, percent_encode(fmt::format("{} eq {}", lookup.property, odata_text(name)))));
        // Who may not read the directory can still name somebody by the object id.
        if (!items && guid && items.error().code == ErrorCode::forbidden && wanted == Wanted::anybody) break;
        if (!items) return failure(std::move(items));
        for (const auto& item : *items) {
            auto one = name_of(item);
            if (std::ranges::none_of(found, [&](const auto& other) { return other.id == one.id; })) {
                found.push_back(std::move(one));
            }
        }
    }
    if (guid && found.empty()) {
        const std::array<std::string, 1> ids = {guid->value()};
        auto objects = get_by_ids(session, ids);
        const auto* items = objects ? find_member(*objects, "value") : nullptr;
        if (items != nullptr && items->is_array()) {
            for (const auto& item : items->get_array()) found.push_back(name_of(item));
        }
        if (found.empty() && wanted == Wanted::anybody) return DirectoryName{.id = guid->value(), .type = "", .name = ""};
        if (!objects && objects.error().code != ErrorCode::not_found) return failure(std::move(objects));
    }
    std::erase_if(found, [&](const auto& one) {
        return (wanted == Wanted::group && one.type != "Group") || (wanted == Wanted::user && one.type != "User") ||
               (wanted == Wanted::service_principal && one.type != "ServicePrincipal");
    });
    if (found.size() > 1) return ambiguous(name, found);
    if (!found.empty()) return std::move(found.front());
    return failure(ErrorCode::not_found, fmt::format("There is no {} called '{}'.", noun_of(wanted), name));
}

std::map<std::string, std::string> display_names(Session& session, std::span<const std::string> ids) {
    std::map<std::string, std::string> out;
    while (!ids.empty()) {
        const auto some = ids.first(std::min(ids.size(), most_ids));
        ids = ids.subspan(some.size());
        auto objects = get_by_ids(session, some);
        const auto* items = objects ? find_member(*objects, "value") : nullptr;
        if (items == nullptr || !items->is_array()) return out;
        for (const auto& item : items->get_array()) {
            auto one = name_of(item);
            out.emplace(std::move(one.id), std::move(one.name));
        }
    }
    return out;
}

Result<std::string> resolve_role(Session& session, const std::string& scope, const std::string& role) {
    const std::string definitions = "/providers/Microsoft.Authorization/roleDefinitions";
    if (const auto guid = Guid::parse(role)) return scope + definitions + '/' + guid->value();
    if (role.starts_with('/')) return encode_path(role);
    auto found = session.list_arm(scope + definitions + "?$filter=" + percent_encode("roleName eq " + odata_text(role)));
    if (!found) return failure(std::move(found));
    for (const auto& item : *found) return std::string(find_string(item, "id").value_or(""));
    return failure(ErrorCode::not_found,
                   fmt::format("There is no role called '{}' that can be assigned there. 'berth role definition list' shows "
                               "all.",
                               role));
}

} // namespace berth::app
