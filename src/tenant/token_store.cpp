#include "tenant/token_store.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "tenant/columns.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

Result<TokenPassword> password_of(const Rows& rows) {
    return TokenPassword{std::string(rows.text(0)), std::string(rows.text(1)), rows.time(2),
                         rows.is_null(3) ? std::nullopt : std::optional(rows.time(3))};
}

// A map of 5,000 lines would slow each decision: what is beyond the limit was never accepted.
std::shared_ptr<const ScopeMap> scope_map_of(const boost::json::value& properties) {
    std::vector<ScopeMapEntry> entries;
    for (const std::string& text : find_strings(properties, "actions").value_or(std::vector<std::string>())) {
        if (entries.size() == ScopeMap::max_entries) break;
        if (auto entry = ScopeMapEntry::parse(text)) entries.push_back(std::move(*entry));
    }
    return std::make_shared<const ScopeMap>(std::move(entries));
}

using ScopeMaps = std::map<std::string, std::shared_ptr<const ScopeMap>, std::less<>>; // by scope's key

Result<ScopeMaps> read_scope_maps(Session& session) {
    using Pair = std::pair<std::string, std::shared_ptr<const ScopeMap>>;
    // Only those that a token names, by whatever spelling, are worth compiling; most registries have no token at all.
    auto maps = collect(session,
                        "select scope_key, properties from resources where "
                        "type_key = 'microsoft.containerregistry/registries/scopemaps' and exists (select 1 from resources "
                        "tokens where tokens.type_key = 'microsoft.containerregistry/registries/tokens')",
                        [](const Rows& rows) -> Result<Pair> {
                            auto properties = json_object_column(rows, 1, "properties of a scope map");
                            if (!properties) return failure(std::move(properties));
                            return Pair(rows.text(0), scope_map_of(std::move(*properties)));
                        });
    if (!maps) return failure(std::move(maps));
    return ScopeMaps(std::make_move_iterator(maps->begin()), std::make_move_iterator(maps->end()));
}

} // namespace

bool is_token_password_name(std::string_view name) noexcept { return name == "password1" || name == "password2"; }

Result<void> put_token_password(Session& session, std::int64_t token_row, const TokenPassword& password) {
    if (!is_token_password_name(password.name)) {
        return failure(ErrorCode::invalid_parameter, fmt::format("'{}' is no password of a token: use password1 or password2.",
                                                                 password.name.substr(0, 100)));
    }
    auto known = exists(session, "select 1 from resources where id = ?1 and type_key = ?2", token_row, to_lower(token_type));
    if (!known) return failure(std::move(known));
    if (!*known) return failure(ErrorCode::not_found, "The token was not found.");
    auto put = session.execute("insert into token_passwords(token_id, name, hash, created_at, ends_at) "
                               "values (?1, ?2, ?3, ?4, ?5) on conflict (token_id, name) do update set "
                               "hash = excluded.hash, created_at = excluded.created_at, ends_at = excluded.ends_at",
                               token_row, password.name, password.hash, password.created_at, password.ends_at);
    if (!put) return failure(std::move(put));
    return {};
}

Result<void> delete_token_password(Session& session, std::int64_t token_row, std::string_view name) {
    auto deleted = session.execute("delete from token_passwords where token_id = ?1 and name = ?2", token_row, name);
    if (!deleted) return failure(std::move(deleted));
    if (*deleted == 0) return failure(ErrorCode::not_found, fmt::format("The token has no {}.", name));
    return {};
}

Result<std::vector<TokenPassword>> list_token_passwords(Session& session, std::int64_t token_row) {
    return collect(session, "select name, hash, created_at, ends_at from token_passwords where token_id = ?1 order by name",
                   password_of, token_row);
}

Result<std::vector<TokenPassword>> valid_token_passwords(Session& session, std::int64_t token_row, Timestamp now) {
    return collect(session,
                   "select name, hash, created_at, ends_at from token_passwords where token_id = ?1 and "
                   "(ends_at is null or ends_at > ?2) order by name",
                   password_of, token_row, now);
}

Result<void> ensure_system_scope_maps(Session& session, const Resource& registry) {
    for (const SystemScopeMap& map : system_scope_maps()) {
        auto scope = rbac::Scope::parse(fmt::format("{}/scopeMaps/{}", registry.scope.value(), map.name));
        if (!scope) return failure(std::move(scope));
        auto there = exists(session, "select 1 from resources where scope_key = ?1", scope->key());
        if (!there) return failure(std::move(there));
        if (*there) continue;
        boost::json::array actions;
        for (const TokenAction action : map.actions) {
            actions.emplace_back(ScopeMapEntry{.action = action, .repository = {}, .is_prefix = true}.to_string());
        }
        auto made = insert_resource(session, {.row = 0,
                                              .guid = Guid::random(),
                                              .tenant = registry.tenant,
                                              .subscription = registry.subscription,
                                              .resource_group = registry.resource_group,
                                              .type = std::string(scope_map_type),
                                              .name = std::string(map.name),
                                              .scope = std::move(*scope),
                                              .location = {},
                                              .tags = {},
                                              .sku = std::nullopt,
                                              .properties = {{"description", map.description}, {"actions", std::move(actions)}},
                                              .created_at = registry.created_at,
                                              .created_by = registry.created_by,
                                              .updated_at = registry.created_at,
                                              .updated_by = registry.created_by});
        if (!made) return failure(std::move(made));
    }
    return {};
}

Result<std::vector<RegistryToken>> list_tokens(Session& session) {
    auto maps = read_scope_maps(session);
    if (!maps) return failure(std::move(maps));
    const auto empty = std::make_shared<const ScopeMap>();
    // A token's scope is its registry's with "/tokens/{name}" behind it.
    return collect(session,
                   "select tokens.id, tokens.guid, tokens.name, tokens.properties, registries.guid, registries.scope_key "
                   "from resources tokens join resources registries on registries.scope_key = "
                   "substr(tokens.scope_key, 1, length(tokens.scope_key) - length('/tokens/') - length(tokens.name_key)) "
                   "where tokens.type_key = 'microsoft.containerregistry/registries/tokens' order by tokens.id",
                   [&](const Rows& rows) -> Result<RegistryToken> {
                       auto id = guid_column(rows, 1, "id of a token");
                       if (!id) return failure(std::move(id));
                       auto registry = guid_column(rows, 4, "id of a registry");
                       if (!registry) return failure(std::move(registry));
                       auto properties = json_object_column(rows, 3, "properties of a token");
                       if (!properties) return failure(std::move(properties));
                       const boost::json::value all(std::move(*properties));
                       RegistryToken token{
                           .id = std::move(*id),
                           .name = std::string(rows.text(2)),
                           .enabled = !equals_ignoring_case(find_string(all, "status").value_or("enabled"), "disabled"),
                           .registry = std::move(*registry),
                           .row = rows.integer(0),
                           .scope_map = empty};
                       const std::string named = to_lower(find_string(all, "scopeMapId").value_or(""));
                       const std::string below = fmt::format("{}/scopemaps/", rows.text(5));
                       const auto map = maps->find(named);
                       if (map != maps->end() && named.starts_with(below)) {
                           token.scope_map = map->second;
                           const std::string_view written = find_string(all, "scopeMapId").value_or("");
                           token.scope_map_name = written.substr(written.rfind('/') + 1);
                       }
                       return token;
                   });
}

} // namespace berth::tenant
