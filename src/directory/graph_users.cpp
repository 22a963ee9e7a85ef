#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "directory/graph_json.hpp"
#include "directory/graph_list.hpp"
#include "directory/graph_routes.hpp"
#include "directory/security_attributes.hpp"
#include "gateway/response.hpp"
#include "tenant/directory_store.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::directory {
namespace {

using boost::json::object;
using boost::json::value;
using gateway::Context;
using gateway::Services;
using http::Response;
using storage::Session;
using tenant::Principal;
using tenant::PrincipalKind;

constexpr std::size_t longest_user_name = 113; // Entra's limit
constexpr std::size_t shortest_password = 8;
constexpr std::size_t longest_password = 256;
constexpr std::chrono::days password_lifetime{36'500}; // until it is changed

// By object id or by name.
Result<const Principal*> find(const Context& context) {
    const std::string_view key = context.parameter("id");
    const auto id = Guid::parse(key);
    const Principal* principal = id ? context.world().find_principal(*id) : context.world().find_user(key);
    if (principal != nullptr && principal->kind == PrincipalKind::user) return principal;
    return failure(ErrorCode::not_found, fmt::format("Resource '{}' does not exist or one of its queried "
                                                     "reference-property objects are not present.",
                                                     key));
}

Result<std::string> parse_user_name(const value& body) {
    const std::string_view name = find_string(body, "userPrincipalName").value_or("");
    const std::size_t at = name.find('@');
    const bool plain = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F && c != '\'' && c != '/'; });
    if (!plain || name.size() > longest_user_name || at == 0 || at == std::string_view::npos || at + 1 == name.size() ||
        name.find('@', at + 1) != std::string_view::npos) {
        return failure(ErrorCode::invalid_parameter, "'userPrincipalName' must be a name such as ada@example.org.");
    }
    return std::string(name);
}

// `passwordProfile.password`, if the body sets one.
Result<std::optional<Secret>> parse_password(const value& body) {
    const value* profile = find_member(body, "passwordProfile");
    if (profile == nullptr) return std::optional<Secret>();
    const auto password = find_string(*profile, "password");
    if (!password || password->size() < shortest_password || password->size() > longest_password) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("'passwordProfile.password' must be a string of {} to {} characters.", shortest_password,
                                   longest_password));
    }
    return std::optional(Secret(std::string(*password)));
}

Result<std::optional<bool>> parse_enabled(const value& body) {
    const value* enabled = find_member(body, "accountEnabled");
    if (enabled == nullptr) return std::optional<bool>();
    if (!enabled->is_bool()) return failure(ErrorCode::invalid_parameter, "'accountEnabled' must be true or false.");
    return std::optional(enabled->get_bool());
}

Task<std::string> hash_of(const Services& services, const std::optional<Secret>& password) {
    if (!password) co_return std::string();
    auto compute = [&] { return identity::hash_password(*password); };
    auto computing = services.workers.run(compute);
    co_return co_await computing;
}

// One password at a time: a new one takes the old one's place.
Result<void> replace_password(Session& session, const Guid& user, const std::string& hash, Timestamp now) {
    auto old = tenant::list_credentials(session, user);
    if (!old) return failure(std::move(old));
    for (const tenant::CredentialInfo& info : *old) {
        if (auto removed = tenant::remove_credential(session, user, info.key_id); !removed) return removed;
    }
    // No hint: a person's password gives nothing of itself away.
    return tenant::add_credential(session, user, {Guid::random(), "", "password", now, now + password_lifetime}, hash);
}

Task<Result<Response>> create(const Services& services, Context& context) {
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    auto name = parse_display_name(*body);
    if (!name) co_return failure(std::move(name));
    auto user_name = parse_user_name(*body);
    if (!user_name) co_return failure(std::move(user_name));
    auto password = parse_password(*body);
    if (!password) co_return failure(std::move(password));
    auto enabled = parse_enabled(*body);
    if (!enabled) co_return failure(std::move(enabled));
    const std::string hash = co_await hash_of(services, *password);
    std::optional<Principal> made;
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto user = tenant::create_user(session, context.world().tenant_id, *name, *user_name, context.now());
        if (!user) return failure(std::move(user));
        if (!hash.empty()) {
            auto kept = replace_password(session, user->id, hash, context.now());
            if (!kept) return failure(std::move(kept));
        }
        if (!enabled->value_or(true)) {
            auto disabled = tenant::update_principal(session, user->id, std::nullopt, false);
            if (!disabled) return failure(std::move(disabled));
            user->enabled = false;
        }
        made.emplace(std::move(*user));
        return context.event("user.create", {{"id", made->id.value()}, {"userPrincipalName", *user_name}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return entity_response(context, 201, "users", to_json(context.world(), *made));
}

Task<Result<Response>> list(const Services&, Context& context) {
    auto query = GraphQuery::parse(context);
    if (!query) co_return failure(std::move(query));
    std::vector<object> all;
    for (const Principal& principal : context.world().principals()) {
        if (principal.kind == PrincipalKind::user) all.push_back(to_json(context.world(), principal));
    }
    auto page = GraphPage::select(*query, std::move(all));
    if (!page) co_return failure(std::move(page));
    co_return page_response(context, "users", std::move(*page));
}

Task<Result<Response>> read_one(const Services&, Context& context) {
    auto user = find(context);
    if (!user) co_return failure(std::move(user));
    object entity = to_json(context.world(), **user);
    if (selects_security_attributes(context.query().find("$select").value_or(""))) {
        auto allowed = context.require(permissions::users_attributes_read);
        if (!allowed) co_return failure(std::move(allowed));
        entity["customSecurityAttributes"] = security_attributes_json((*user)->security_attributes);
    }
    co_return entity_response(context, 200, "users", std::move(entity));
}

Task<Result<Response>> update(const Services& services, Context& context) {
    auto user = find(context);
    if (!user) co_return failure(std::move(user));
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    auto enabled = parse_enabled(*body);
    if (!enabled) co_return failure(std::move(enabled));
    if (*enabled) {
        auto allowed = context.require(**enabled ? permissions::users_enable : permissions::users_disable);
        if (!allowed) co_return failure(std::move(allowed));
    }
    auto password = parse_password(*body);
    if (!password) co_return failure(std::move(password));
    if (*password) {
        auto allowed = context.require(permissions::users_password);
        if (!allowed) co_return failure(std::move(allowed));
    }
    std::optional<std::string> name;
    if (find_member(*body, "displayName") != nullptr) {
        auto parsed = parse_display_name(*body);
        if (!parsed) co_return failure(std::move(parsed));
        name = std::move(*parsed);
    }
    const auto* attributes = body->get_object().if_contains("customSecurityAttributes");
    if (attributes != nullptr) {
        auto allowed = context.require(permissions::users_attributes_update);
        if (!allowed) co_return failure(std::move(allowed));
    }
    const std::string hash = co_await hash_of(services, *password);
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto updated = tenant::update_principal(session, (*user)->id, name, *enabled);
        if (!updated) return failure(std::move(updated));
        if (attributes != nullptr) {
            auto patched = patch_security_attributes(session, (*user)->id, *attributes);
            if (!patched) return failure(std::move(patched));
        }
        if (!hash.empty()) {
            auto kept = replace_password(session, (*user)->id, hash, context.now());
            if (!kept) return failure(std::move(kept));
        }
        object detail{{"id", (*user)->id.value()}, {"passwordChanged", !hash.empty()}};
        if (*enabled) detail["accountEnabled"] = **enabled;
        if (name) detail["displayName"] = *name;
        if (attributes != nullptr) detail["customSecurityAttributes"] = *attributes;
        return context.event("user.update", std::move(detail));
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::empty_response(204);
}

Task<Result<Response>> remove(const Services& services, Context& context) {
    auto user = find(context);
    if (!user) co_return failure(std::move(user));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto deleted = tenant::delete_principal(session, (*user)->id);
        if (!deleted) return failure(std::move(deleted));
        return context.event("user.delete", {{"id", (*user)->id.value()}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::empty_response(204);
}

} // namespace

std::vector<gateway::Route> user_routes(const Services& services) {
    using enum http::Method;
    return graph_routes(services, {{.id = "graph.user.create",
                                    .method = post,
                                    .pattern = "/v1.0/users",
                                    .permissions = {&permissions::users_create},
                                    .body_limit = largest_graph_body,
                                    .handler = create,
                                    .summary = "Makes a user"},
                                   {.id = "graph.user.list",
                                    .pattern = "/v1.0/users",
                                    .permissions = {&permissions::users_read},
                                    .handler = list,
                                    .summary = "Lists users"},
                                   {.id = "graph.user.get",
                                    .pattern = "/v1.0/users/{id}",
                                    .permissions = {&permissions::users_read},
                                    .further = {&permissions::users_attributes_read},
                                    .handler = read_one,
                                    .summary = "Reads a user, by object id or name"},
                                   {.id = "graph.user.update",
                                    .method = patch,
                                    .pattern = "/v1.0/users/{id}",
                                    .permissions = {&permissions::users_update},
                                    .further = {&permissions::users_enable, &permissions::users_disable,
                                                &permissions::users_password, &permissions::users_attributes_update},
                                    .body_limit = largest_graph_body,
                                    .handler = update,
                                    .summary = "Enables, disables or renames a user, or sets the password"},
                                   {.id = "graph.user.delete",
                                    .method = delete_,
                                    .pattern = "/v1.0/users/{id}",
                                    .permissions = {&permissions::users_delete},
                                    .handler = remove,
                                    .summary = "Deletes a user; their access ends at once"}});
}

} // namespace berth::directory
