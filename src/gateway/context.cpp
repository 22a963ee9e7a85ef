#include "gateway/context.hpp"

#include "base/strict_json.hpp"
#include "gateway/decision.hpp"
#include "gateway/lock_check.hpp"
#include "gateway/services.hpp"
#include "http/body.hpp"

#include <algorithm>

namespace berth::gateway {
namespace {

bool declares(const Route& route, const Permission& permission) noexcept {
    const auto holds = [&](const std::vector<const Permission*>& list) {
        return std::ranges::any_of(list, [&](const Permission* one) { return one->name == permission.name; });
    };
    return holds(route.entry.permissions) || holds(route.further);
}

Result<void> check_declared(const Route& route, const Permission& permission) {
    if (declares(route, permission)) return {};
    return failure(ErrorCode::internal, "The route '" + std::string(route.id) + "' asked for '" + std::string(permission.name) +
                                            "', which it does not declare.");
}

// Parts of ACR's repository API that are no names of repositories, for which berth has nothing yet. 405 is what az takes as
// an answer; it asks again after most others.
Result<void> check_offered(std::string_view name) {
    std::string_view missing;
    if (name.starts_with("_deleted/")) {
        missing = "Soft delete is not offered by this version of berth: what was deleted is not listed and not restored.";
    } else if (name.ends_with("/_streaming") || name.contains("/_streaming/") || name.contains("/_operations/")) {
        missing = "Artifact streaming is not offered by this version of berth.";
    }
    if (missing.empty()) return {};
    return failure(ErrorCode::operation_disallowed, std::string(missing));
}

} // namespace

Context::Context(http::Request& request, const Route& route, const Services& services,
                 std::shared_ptr<const tenant::World> world, std::string correlation_id)
    : request_(request), route_(&route), services_(services), world_(std::move(world)), now_(services.clock.now()),
      correlation_id_(std::move(correlation_id)) {}

std::string_view Context::parameter(std::string_view name) const noexcept {
    for (const auto& [key, value] : parameters_) {
        if (key == name) return value;
    }
    return {};
}

Result<void> Context::take_repository_name() {
    if (route_->protocol != Protocol::registry || route_->pattern.find("{name...}") == std::string_view::npos) return {};
    auto parsed = RepositoryName::parse(parameter("name"));
    if (!parsed && route_->pattern.starts_with("/acr/v1/")) {
        if (auto there = check_offered(parameter("name")); !there) return there;
    }
    if (!parsed) return failure(std::move(parsed));
    repository_ = std::move(*parsed);
    return {};
}

Result<void> Context::decide_entry() const {
    if (auto decided = decide_permissions(); !decided) return decided;
    return check_locks(*world_, *route_, scope_);
}

Result<void> Context::decide_permissions() const {
    const Entry& entry = route_->entry;
    const bool on_registry = route_->protocol == Protocol::registry || route_->protocol == Protocol::registry_token;
    const auto decide_one = [&](const Permission& permission) -> Result<void> {
        Target target = Target::in_directory();
        if (on_registry) {
            target = Target::in_registry(*registry_, parameter("name"));
        } else if (permission.directory_permission.empty()) {
            target = Target::at(scope_);
        }
        target.conditions_met = entry.kind == EntryKind::deferred;
        return decide(*world_, now_, caller_, permission, target);
    };
    switch (entry.kind) {
    case EntryKind::open:
    case EntryKind::filter: return {};
    case EntryKind::all_or_filter:
        // A token that was not asked for the list is refused, so that its client asks for one that was.
        if (registry_->mode == tenant::RoleAssignmentMode::repository_permissions &&
            caller_.kind == identity::CallerKind::principal && caller_.narrowing_allows("registry", "catalog", "*")) {
            return {};
        }
        [[fallthrough]];
    case EntryKind::deferred:
    case EntryKind::all:
        for (const Permission* permission : entry.permissions) {
            if (auto decided = decide_one(*permission); !decided) return decided;
        }
        return {};
    case EntryKind::any: break;
    }
    Result<void> first;
    for (const Permission* permission : entry.permissions) {
        auto decided = decide_one(*permission);
        if (decided) return {};
        if (first) first = std::move(decided);
    }
    return first;
}

Result<void> Context::check_caller(const tenant::World& world) const {
    if (caller_.principal) {
        const tenant::Principal* principal = world.find_principal(*caller_.principal);
        if (principal == nullptr || !principal->enabled) {
            return failure(ErrorCode::invalid_credentials, "The identity was deleted or disabled meanwhile.");
        }
    }
    if (caller_.token) {
        const tenant::RegistryToken* token = world.find_token(*caller_.token);
        if (token == nullptr || !token->enabled) {
            return failure(ErrorCode::invalid_credentials, "The repository token was deleted or disabled meanwhile.");
        }
    }
    return {};
}

Task<Result<void>> Context::decide_again() {
    auto world = services_.tenancy.world();
    auto decided = world == world_ ? Result<void>() : decide_by(std::move(world));
    if (!decided) co_return decided;
    auto held = co_await services_.credentials.check_secret(*world_, caller_);
    co_return held;
}

Result<void> Context::decide_by(std::shared_ptr<const tenant::World> world) {
    earlier_worlds_.push_back(std::exchange(world_, std::move(world)));
    decided_.clear();
    if (registry_ != nullptr) {
        const tenant::Registry* registry = world_->find_registry(registry_->id);
        if (registry == nullptr) return failure(ErrorCode::name_unknown, "The registry was deleted meanwhile.");
        registry_ = registry;
    }
    if (auto there = check_caller(*world_); !there) return there;
    return decide_entry();
}

Task<Result<std::string>> Context::body() {
    auto text = co_await http::read_body(request_, route_->body_limit);
    if (!text) co_return text;
    auto decided = co_await decide_again();
    if (!decided) co_return failure(std::move(decided));
    co_return text;
}

Task<Result<boost::json::value>> Context::json_body() {
    auto text = co_await body();
    if (!text) co_return failure(std::move(text));
    if (text->empty()) co_return boost::json::value(nullptr);
    co_return parse_json(*text);
}

Result<void> Context::require(const Permission& permission, std::string_view repository) const {
    if (auto declared = check_declared(*route_, permission); !declared) return declared;
    if (!permission.directory_permission.empty()) {
        return decide(*world_, now_, caller_, permission, Target::in_directory());
    }
    return decide(*world_, now_, caller_, permission, Target::in_registry(*registry_, repository));
}

Result<void> Context::require_at(const Permission& permission, const rbac::Scope& scope,
                                 const rbac::Attributes& attributes) const {
    if (auto declared = check_declared(*route_, permission); !declared) return declared;
    auto decided = decide(*world_, now_, caller_, permission, Target::at(scope, attributes));
    if (decided && scope == scope_) decided_.push_back(&permission);
    return decided;
}

Result<void> Context::require_at(const tenant::World& world, const Permission& permission, const rbac::Scope& scope,
                                 const rbac::Attributes& attributes) const {
    if (auto declared = check_declared(*route_, permission); !declared) return declared;
    return decide(world, now_, caller_, permission, Target::at(scope, attributes));
}

Result<std::shared_ptr<const tenant::World>> Context::world_in(storage::Session& session) const {
    auto world = services_.tenancy.world_in(session, world_);
    if (!world) return world;
    if (auto there = check_caller(**world); !there) return failure(std::move(there));
    auto held = services_.credentials.check_secret_in(session, **world, caller_);
    if (!held) return failure(std::move(held));
    return world;
}

Result<std::shared_ptr<const tenant::World>> Context::decide_in(storage::Session& session,
                                                                const rbac::Attributes& attributes) const {
    auto world = world_in(session);
    if (!world) return world;
    const auto decide_one = [&](const Permission& permission) -> Result<void> {
        if (permission.directory_permission.empty()) return require_at(**world, permission, scope_, attributes);
        return decide(**world, now_, caller_, permission, Target::in_directory());
    };
    const Entry& entry = route_->entry;
    Result<void> first;
    for (const Permission* permission : entry.permissions) {
        auto decided = decide_one(*permission);
        if (decided && entry.kind == EntryKind::any) {
            first = {};
            break;
        }
        if (first) first = std::move(decided);
        if (!first && entry.kind != EntryKind::any) break;
    }
    if (!first) return failure(std::move(first));
    if (auto unlocked = check_locks(**world, *route_, scope_); !unlocked) return failure(std::move(unlocked));
    return world;
}

Result<void> Context::check_decided() const {
    if (route_->entry.kind != EntryKind::deferred) return {};
    for (const Permission* owed : route_->entry.permissions) {
        if (std::ranges::any_of(decided_, [&](const Permission* made) { return made->name == owed->name; })) continue;
        return failure(ErrorCode::internal, "The route '" + std::string(route_->id) + "' did not decide '" +
                                                std::string(owed->name) + "' with all that a condition may look at.");
    }
    return {};
}

Result<void> Context::require_in(const Permission& permission, const tenant::Registry& registry,
                                 std::string_view repository) const {
    if (auto declared = check_declared(*route_, permission); !declared) return declared;
    return decide(*world_, now_, caller_, permission, Target::in_registry(registry, repository));
}

bool Context::may(const Permission& permission, std::string_view repository) const {
    return declares(*route_, permission) &&
           is_allowed(*world_, now_, caller_, permission,
                      permission.directory_permission.empty() ? Target::in_registry(*registry_, repository)
                                                              : Target::in_directory());
}

bool Context::may_at(const Permission& permission, const rbac::Scope& scope) const {
    return declares(*route_, permission) && is_allowed(*world_, now_, caller_, permission, Target::at(scope));
}

bool Context::may_list(const Permission& permission, std::string_view repository) const {
    if (!declares(*route_, permission)) return false;
    Target target = Target::in_registry(*registry_, repository);
    target.beyond_narrowing = true;
    return is_allowed(*world_, now_, caller_, permission, target);
}

std::string Context::actor() const {
    switch (caller_.kind) {
    case identity::CallerKind::anonymous: return "anonymous";
    case identity::CallerKind::admin_user: return "admin:" + caller_.name;
    case identity::CallerKind::repository_token: return "token:" + caller_.token->value();
    case identity::CallerKind::principal: break;
    }
    return caller_.principal->value();
}

storage::Event Context::event(std::string kind, boost::json::object detail) const {
    return {.kind = std::move(kind),
            .registry = registry_ != nullptr ? std::optional(registry_->row) : std::nullopt,
            .actor = actor(),
            .detail = std::move(detail)};
}

} // namespace berth::gateway
