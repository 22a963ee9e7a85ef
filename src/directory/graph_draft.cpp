#include "base/strict_json.hpp"
#include "directory/graph_routes.hpp"
#include "directory/graph_type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::directory {
namespace {

using boost::json::object;
using boost::json::value;
using gateway::Context;

constexpr std::size_t longest_user_name = 113; // Entra's limit
constexpr std::size_t shortest_password = 8;
constexpr std::size_t longest_password = 256;
constexpr std::size_t most_references = 20; // Graph's limit of references in one body

constexpr std::array<std::pair<Meaning, std::string_view>, 7> names{{{Meaning::display_name, "displayName"},
                                                                     {Meaning::account_enabled, "accountEnabled"},
                                                                     {Meaning::user_principal_name, "userPrincipalName"},
                                                                     {Meaning::password_profile, "passwordProfile"},
                                                                     {Meaning::security_attributes, "customSecurityAttributes"},
                                                                     {Meaning::key_credentials, "keyCredentials"},
                                                                     {Meaning::app_id, "appId"}}};

std::unexpected<Error> invalid(std::string message) { return failure(ErrorCode::invalid_parameter, std::move(message)); }

Result<std::string> parse_user_principal_name(const value& given) {
    const std::string_view name = given.is_string() ? std::string_view(given.get_string()) : std::string_view();
    const std::size_t at = name.find('@');
    const bool plain = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F && c != '\'' && c != '/'; });
    if (!plain || name.size() > longest_user_name || at == 0 || at == std::string_view::npos || at + 1 == name.size() ||
        name.find('@', at + 1) != std::string_view::npos) {
        return invalid("'userPrincipalName' must be a name such as ada@example.org.");
    }
    return std::string(name);
}

// `{"password":…,"forceChangePasswordNextSignIn":false}`: a profile without a password changes none.
Result<std::optional<Secret>> parse_password_profile(const value& profile) {
    if (profile.is_null()) return std::optional<Secret>();
    if (!profile.is_object()) return invalid("'passwordProfile' must be an object.");
    for (const auto& [name, given] : profile.get_object()) {
        if (name.find('@') != std::string_view::npos || name == "password") continue;
        if (name != "forceChangePasswordNextSignIn" && name != "forceChangePasswordNextSignInWithMfa") {
            return invalid(fmt::format("Invalid property '{}' in 'passwordProfile'.", std::string_view(name)));
        }
        if (given.is_bool() && given.get_bool()) {
            return invalid(fmt::format("'passwordProfile.{}' can be nothing but false: the sign-in page does not ask for a new "
                                       "password. Tell the person the password in a safe way.",
                                       std::string_view(name)));
        }
        if (!given.is_bool() && !given.is_null()) {
            return invalid(fmt::format("'passwordProfile.{}' must be true or false.", std::string_view(name)));
        }
    }
    const value* password = find_member(profile, "password");
    if (password == nullptr) return std::optional<Secret>();
    if (!password->is_string() || password->get_string().size() < shortest_password ||
        password->get_string().size() > longest_password) {
        return invalid(fmt::format("'passwordProfile.password' must be a string of {} to {} characters.", shortest_password,
                                   longest_password));
    }
    return std::optional(Secret(std::string(password->get_string())));
}

Result<std::vector<Guid>> parse_references(std::string_view name, const value& given) {
    std::vector<Guid> out;
    if (given.is_array() && given.get_array().size() <= most_references) {
        for (const value& one : given.get_array()) {
            const auto id = one.is_string() ? referenced_id(one.get_string()) : std::nullopt;
            if (!id) break;
            out.push_back(*id);
        }
        if (out.size() == given.get_array().size()) return out;
    }
    return invalid(fmt::format("'{}' must be an array of at most {} addresses that end in object ids: "
                               "https://…/v1.0/directoryObjects/{{id}}.",
                               name, most_references));
}

std::optional<Meaning> meaning_of(std::string_view name) noexcept {
    for (const auto& [meaning, spelling] : names) {
        if (spelling == name) return meaning;
    }
    return std::nullopt;
}

// A permission that the route has beside its entry. On creation the right to create is enough.
Result<void> require(const Context& context, const gateway::Permission* permission, bool creates, Draft& out) {
    if (permission == nullptr || creates) return {};
    out.further.push_back(permission);
    return context.require(*permission);
}

Result<void> take(const Context& context, const GraphType& type, Meaning meaning, const value& given, bool creates,
                  Draft& out) {
    switch (meaning) {
    case Meaning::display_name: {
        auto name = parse_display_name(given);
        if (!name) return failure(std::move(name));
        out.display_name = std::move(*name);
        return {};
    }
    case Meaning::account_enabled:
        if (given.is_null()) return {};
        if (!given.is_bool()) return invalid("'accountEnabled' must be true or false.");
        out.enabled = given.get_bool();
        return require(context, *out.enabled ? type.enable : type.disable, creates, out);
    case Meaning::user_principal_name: {
        auto name = parse_user_principal_name(given);
        if (!name) return failure(std::move(name));
        out.user_principal_name = std::move(*name);
        return {};
    }
    case Meaning::password_profile: {
        auto password = parse_password_profile(given);
        if (!password) return failure(std::move(password));
        out.password = std::move(*password);
        return out.password ? require(context, type.set_password, creates, out) : Result<void>();
    }
    case Meaning::security_attributes:
        if (creates) return invalid("'customSecurityAttributes' is set with PATCH, once the object is there.");
        out.security_attributes = &given;
        return require(context, type.update_attributes, creates, out);
    case Meaning::key_credentials: out.key_credentials = &given; return require(context, type.set_keys, creates, out);
    case Meaning::app_id: break;
    }
    if (!creates) return invalid("Property 'appId' is read-only and cannot be set.");
    out.app_id = given.is_string() ? Guid::parse(given.get_string()) : std::nullopt;
    if (!out.app_id) return invalid("'appId' must be the client id of an application.");
    return {};
}

Result<void> take_references(const Context& context, const GraphType& type, std::string_view name, const value& given,
                             bool creates, Draft& out) {
    const bool members = name == "members@odata.bind" && type.has_members;
    if (!members && (name != "owners@odata.bind" || !type.has_owners)) {
        return invalid(fmt::format("Invalid property '{}'.", name));
    }
    auto ids = parse_references(name, given);
    if (!ids) return failure(std::move(ids));
    (members ? out.members : out.owners) = std::move(*ids);
    return require(context, members ? type.update_members : type.update_owners, creates, out);
}

Result<void> check_complete(const GraphType& type, const Draft& draft) {
    if (type.means(Meaning::app_id)) {
        return draft.app_id ? Result<void>() : invalid("'appId' must be the client id of an application.");
    }
    if (!draft.display_name) {
        if (auto name = parse_display_name(nullptr); !name) return failure(std::move(name));
    }
    if (type.means(Meaning::user_principal_name) && !draft.user_principal_name) {
        if (auto name = parse_user_principal_name(nullptr); !name) return failure(std::move(name));
    }
    return {};
}

} // namespace

bool GraphType::means(Meaning meaning) const noexcept { return std::ranges::find(meanings, meaning) != meanings.end(); }

std::optional<Guid> referenced_id(std::string_view reference) {
    return Guid::parse(reference.substr(reference.rfind('/') + 1));
}

Result<Draft> parse_draft(const Context& context, const GraphType& type, const object& body, bool creates) {
    Draft out;
    for (const auto& [key, given] : body) {
        const std::string_view name = key;
        const auto meaning = meaning_of(name);
        if (meaning && type.means(*meaning)) {
            if (auto taken = take(context, type, *meaning, given, creates, out); !taken) return failure(std::move(taken));
        } else if (name.ends_with("@odata.bind")) {
            auto taken = take_references(context, type, name, given, creates, out);
            if (!taken) return failure(std::move(taken));
        } else if (find_property(type.properties, name) != nullptr) {
            if (name == type.brings_members) {
                if (auto may = require(context, type.update_members, creates, out); !may) return failure(std::move(may));
            }
            out.properties[name] = given;
        } else if (std::ranges::find(type.read_only, name) != type.read_only.end()) {
            return invalid(fmt::format("Property '{}' is read-only and cannot be set.", name));
        } else if (name.find('@') == std::string_view::npos) {
            return invalid(fmt::format("Invalid property '{}'.", name));
        }
    }
    // What is wrong with a property is said before anything is written; what is kept joins in the transaction.
    auto checked = patched_properties(type.properties, {}, out.properties);
    if (!checked) return failure(std::move(checked));
    if (creates) {
        if (auto complete = check_complete(type, out); !complete) return failure(std::move(complete));
    }
    return out;
}

} // namespace berth::directory
