#include "control_plane/resource_identity.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "control_plane/errors.hpp"
#include "tenant/managed_identity_store.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using boost::json::object;
using boost::json::value;
using storage::Session;
using tenant::Resource;

constexpr std::string_view user_assigned_type = "Microsoft.ManagedIdentity/userAssignedIdentities";
constexpr std::size_t most_user_assigned = 64;

std::unexpected<Error> invalid(std::string_view code, std::string message) {
    return arm_failure(ErrorCode::invalid_parameter, code, std::move(message));
}

struct Wanted {
    bool system = false;
    bool user = false;
};

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

// `SystemAssigned, UserAssigned`, with or without the blank.
Result<Wanted> parse_type(IdentityKinds kinds, const value& sent) {
    const auto type = find_string(sent, "type");
    if (!type) return invalid("InvalidIdentityType", "'identity.type' is missing or no string.");
    Wanted out;
    bool none = false;
    std::string_view rest = *type;
    while (true) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string_view word = trimmed(rest.substr(0, comma));
        if (equals_ignoring_case(word, "SystemAssigned") && kinds != IdentityKinds::user) {
            out.system = true;
        } else if (equals_ignoring_case(word, "UserAssigned") && kinds != IdentityKinds::system) {
            out.user = true;
        } else if (equals_ignoring_case(word, "None")) {
            none = true;
        } else {
            return invalid("InvalidIdentityType", fmt::format("'identity.type' is '{}'. This resource may have {}.", *type,
                                                              kinds == IdentityKinds::user     ? "'UserAssigned' or 'None'"
                                                              : kinds == IdentityKinds::system ? "'SystemAssigned' or 'None'"
                                                                                               : "'SystemAssigned', "
                                                                                                 "'UserAssigned', both with a "
                                                                                                 "comma, or 'None'"));
        }
        if (comma == rest.size()) break;
        rest.remove_prefix(comma + 1);
    }
    if (none && (out.system || out.user)) {
        return invalid("InvalidIdentityType", "'identity.type' is 'None' alone, or names identities.");
    }
    return out;
}

// What is shown of a user-assigned identity; it must be there.
Result<std::pair<std::string, object>> find_user_assigned(Session& session, std::string_view id) {
    auto scope = rbac::Scope::parse(id);
    auto found = scope ? tenant::find_resource(session, *scope) : Result<std::optional<Resource>>(std::nullopt);
    if (!found) return failure(std::move(found));
    if (!*found || !equals_ignoring_case((*found)->type, user_assigned_type)) {
        return invalid("FailedIdentityOperation",
                       fmt::format("'{}' is no user-assigned identity here. Make one first: az identity create", id));
    }
    auto principal = tenant::find_managed_identity(session, (*found)->guid);
    if (!principal) return failure(std::move(principal));
    object shown;
    if (*principal) {
        shown["principalId"] = (*principal)->id.value();
        if ((*principal)->application_id) shown["clientId"] = (*principal)->application_id->value();
    }
    return std::pair((*found)->scope.value(), std::move(shown));
}

const object* ids_in(const object& identity) {
    const value* ids = identity.if_contains("userAssignedIdentities");
    return ids != nullptr ? ids->if_object() : nullptr;
}

void erase_ignoring_case(object& ids, std::string_view id) {
    const auto found = std::ranges::find_if(ids, [&](const auto& one) { return equals_ignoring_case(one.key(), id); });
    if (found != ids.end()) ids.erase(found);
}

Result<object> user_assigned(Session& session, const object& sent, bool replace, const object& before) {
    object out;
    if (const object* kept = ids_in(before); kept != nullptr && !replace) out = *kept;
    if (const value* ids = sent.if_contains("userAssignedIdentities"); ids != nullptr && !ids->is_null()) {
        if (!ids->is_object()) {
            return invalid("InvalidIdentityValues", "'identity.userAssignedIdentities' must be an object whose keys are the "
                                                    "ids of identities.");
        }
        for (const auto& [id, what] : ids->get_object()) {
            erase_ignoring_case(out, id);
            if (what.is_null()) continue;
            auto found = find_user_assigned(session, id);
            if (!found) return failure(std::move(found));
            out[found->first] = std::move(found->second);
        }
    }
    if (out.empty() || out.size() > most_user_assigned) {
        return invalid("InvalidIdentityValues",
                       fmt::format("'identity.userAssignedIdentities' must name from 1 to {} identities when the type is "
                                   "'UserAssigned'.",
                                   most_user_assigned));
    }
    return out;
}

} // namespace

Result<void> apply_identity(Session& session, IdentityKinds kinds, const value& sent, bool replace, Resource& resource) {
    if (kinds == IdentityKinds::none || !sent.is_object()) return {};
    auto wanted = parse_type(kinds, sent);
    if (!wanted) return failure(std::move(wanted));
    object next;
    if (wanted->system) {
        auto principal = tenant::find_managed_identity(session, resource.guid);
        if (!principal) return failure(std::move(principal));
        if (!*principal) {
            auto made =
                tenant::create_managed_identity(session, resource.tenant, resource.guid, resource.name, resource.updated_at);
            if (!made) return failure(std::move(made));
            *principal = std::move(*made);
        }
        next["principalId"] = (*principal)->id.value();
        next["tenantId"] = resource.tenant.value();
    } else if (auto removed = tenant::delete_managed_identity(session, resource.guid); !removed) {
        return removed;
    }
    if (wanted->user) {
        auto ids = user_assigned(session, sent.get_object(), replace, resource.identity);
        if (!ids) return failure(std::move(ids));
        next["userAssignedIdentities"] = std::move(*ids);
    }
    if (wanted->system || wanted->user) {
        next["type"] = !wanted->user ? "SystemAssigned" : wanted->system ? "SystemAssigned, UserAssigned" : "UserAssigned";
    }
    resource.identity = std::move(next);
    return {};
}

} // namespace berth::control_plane
