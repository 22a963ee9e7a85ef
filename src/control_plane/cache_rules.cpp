#include "control_plane/cache_rules.hpp"

#include "base/encoding.hpp"
#include "base/names.hpp"
#include "base/time.hpp"
#include "control_plane/credential_sets.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/registry_children.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using boost::json::object;
using boost::json::value;
using Kind = Property::Kind;
using storage::Session;
using tenant::Resource;

constexpr std::size_t longest_host = 253;

bool is_source(std::string_view text) { return RepositoryPattern::parse_source(text).has_value(); }
bool is_target(std::string_view text) { return RepositoryPattern::parse(text).has_value(); }

std::string_view text_of(const object& properties, std::string_view name) {
    const value* text = properties.if_contains(name);
    return text != nullptr && text->is_string() ? std::string_view(text->get_string()) : std::string_view();
}

Result<void> check_unchanged(const Resource& next, const Resource* before) {
    if (before == nullptr) return {};
    for (const std::string_view name : {"sourceRepository", "targetRepository"}) {
        if (text_of(next.properties, name) == text_of(before->properties, name)) continue;
        return arm_failure(ErrorCode::conflict, "CacheRuleConflict",
                           fmt::format("The property 'properties.{}' of a cache rule cannot be changed. Delete the rule and "
                                       "make another one.",
                                       name));
    }
    return {};
}

Result<void> check_target_is_free(Session& session, const Resource& registry, std::string_view target) {
    auto rows = session.query("select 1 from repositories where registry_id = ?1 and name = ?2", registry.row, target);
    if (!rows) return failure(std::move(rows));
    auto there = rows->next();
    if (!there) return failure(std::move(there));
    if (!*there) return {};
    return arm_failure(ErrorCode::conflict, "CacheRuleTargetRepositoryExists",
                       fmt::format("The repository '{}' exists in the registry '{}' already. Choose a target that does not.",
                                   target, registry.name));
}

Result<void> check_others(Session& session, const Resource& registry, const Resource& next, const RepositoryPattern& target) {
    auto others = list_children(session, registry, cache_rule_type);
    if (!others) return failure(std::move(others));
    for (const Resource& other : *others) {
        const auto theirs = RepositoryPattern::parse(text_of(other.properties, "targetRepository"));
        if (other.guid == next.guid || !theirs || !theirs->overlaps(target)) continue;
        return arm_failure(ErrorCode::conflict, "CacheRuleConflict",
                           fmt::format("The target '{}' and that of the cache rule '{}', '{}', overlap. Choose another target.",
                                       text_of(next.properties, "targetRepository"), other.name,
                                       text_of(other.properties, "targetRepository")));
    }
    return {};
}

// The credential set of the same registry that `sent` names, spelled as it is; null takes it away.
Result<void> take_credential_set(Session& session, Resource& next, const RepositoryPattern& source, const value& sent) {
    const value* wanted = sent.is_object() ? sent.get_object().if_contains("credentialSetResourceId") : nullptr;
    if (wanted == nullptr) return {};
    next.properties.erase("credentialSetResourceId");
    if (wanted->is_null()) return {};
    const std::string below = fmt::format("{}/credentialSets/", registry_id_of(next));
    auto scope = wanted->is_string() ? rbac::Scope::parse(wanted->get_string())
                                     : Result<rbac::Scope>(std::unexpected(Error{ErrorCode::invalid_parameter, ""}));
    if (scope) {
        const std::string name = scope->value().substr(scope->value().rfind('/') + 1);
        auto found = equals_ignoring_case(scope->value(), below + name) ? tenant::find_resource(session, *scope)
                                                                        : Result<std::optional<Resource>>(std::nullopt);
        if (!found) return failure(std::move(found));
        if (*found) {
            const std::string_view host = text_of((*found)->properties, "loginServer");
            if (!equals_ignoring_case(host, source.host)) {
                return arm_failure(ErrorCode::invalid_parameter, "CredentialSetLoginServerMismatch",
                                   fmt::format("The credential set '{}' is for '{}', the source of the rule is at '{}'.",
                                               (*found)->name, host, source.host));
            }
            next.properties["credentialSetResourceId"] = (*found)->scope.value();
            return {};
        }
    }
    return arm_failure(ErrorCode::invalid_parameter, "CredentialSetNotFound",
                       fmt::format("'credentialSetResourceId' must be the id of a credential set of the same registry, "
                                   "'{}{{name}}'. Make one first: az acr credential-set create",
                                   below));
}

Result<void> check(Session& session, Resource& next, const Resource* before, const value& sent) {
    if (auto same = check_unchanged(next, before); !same) return same;
    const auto source = RepositoryPattern::parse_source(text_of(next.properties, "sourceRepository"));
    const std::string_view target_text = text_of(next.properties, "targetRepository");
    const auto target = RepositoryPattern::parse(target_text);
    if (!source || !target || source->is_wildcard != target->is_wildcard) {
        return failure(ErrorCode::invalid_parameter,
                       "'properties.sourceRepository' and 'properties.targetRepository' both end in '*', or neither does.");
    }
    auto registry = registry_of(session, next);
    if (!registry) return failure(std::move(registry));
    auto limit = check_limit(session, *registry, cache_rule_type, "cache rules", before, most_cache_rules);
    if (!limit) return limit;
    if (before == nullptr) {
        if (auto others = check_others(session, *registry, next, *target); !others) return others;
        if (auto free = check_target_is_free(session, *registry, target_text); !free) return free;
    }
    return take_credential_set(session, next, *source, sent);
}

void show(const gateway::Services&, const Resource& rule, object& properties) {
    properties["creationDate"] = to_rfc3339(rule.created_at);
    if (!properties.contains("credentialSetResourceId")) properties["credentialSetResourceId"] = nullptr;
}

} // namespace

bool is_upstream_host(std::string_view text) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(std::min(colon + 1, text.size()));
    constexpr std::size_t longest_port = 5;
    const bool has_port = colon != text.size();
    if (has_port && (port.empty() || port.size() > longest_port ||
                     !std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; }))) {
        return false;
    }
    return !host.empty() && host.size() <= longest_host && (host.contains('.') || has_port) && !host.starts_with('.') &&
           !host.ends_with('.') && !host.contains("..") && std::ranges::all_of(host, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
           });
}

std::optional<RepositoryPattern> RepositoryPattern::parse(std::string_view text) {
    if (text == "*") return RepositoryPattern{.prefix = "", .is_wildcard = true};
    const bool wildcard = text.ends_with("/*");
    const auto name = RepositoryName::parse(wildcard ? text.substr(0, text.size() - 2) : text);
    if (!name) return std::nullopt;
    return RepositoryPattern{.prefix = wildcard ? name->value() + "/" : name->value(), .is_wildcard = wildcard};
}

std::optional<RepositoryPattern> RepositoryPattern::parse_source(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || !is_upstream_host(text.substr(0, slash))) return std::nullopt;
    auto out = parse(text.substr(slash + 1));
    if (out) out->host = std::string(text.substr(0, slash));
    return out;
}

bool RepositoryPattern::overlaps(const RepositoryPattern& other) const {
    if (is_wildcard != other.is_wildcard) return false;
    if (!is_wildcard) return prefix == other.prefix;
    return prefix.starts_with(other.prefix) || other.prefix.starts_with(prefix);
}

ResourceType cache_rules() {
    return {
        .name = cache_rule_type,
        .operations = cache_rule_type,
        .noun = "cache rule",
        .event = "cacheRule",
        .has_location = false,
        .deleted_status = 204, // the SDKs take 202 and 204 only
        .identities = IdentityKinds::user,
        .is_valid_name = is_rule_name,
        .name_rule =
            "The cache rule name '{}' is not valid. It has 5 to 50 letters, digits and '-', and neither begins nor ends "
            "with '-'.",
        .properties = {{.name = "sourceRepository",
                        .kind = Kind::text,
                        .check = is_source,
                        .rule = "must be a host and a repository, such as 'docker.io/library/nginx' or 'docker.io/library/*'.",
                        .required = true},
                       {.name = "targetRepository",
                        .kind = Kind::text,
                        .check = is_target,
                        .rule = "must be the name of a repository here, such as 'nginx' or 'hub/*'.",
                        .required = true},
                       {.name = "credentialSetResourceId"},
                       {.name = "creationDate", .initial = ""},
                       {.name = "provisioningState", .initial = "Succeeded"}},
        .before_write = check,
        .show = show,
        .api_versions = {"2026-09-01-preview", "2025-11-01", "2023-07-01"},
    };
}

} // namespace berth::control_plane
