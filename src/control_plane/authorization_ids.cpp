#include "control_plane/authorization_ids.hpp"

#include "base/encoding.hpp"
#include "control_plane/errors.hpp"

#include <fmt/format.h>

namespace berth::control_plane {

std::string extension_id(std::string_view scope, std::string_view type, const Guid& id) {
    return fmt::format("{}/providers/{}/{}", scope == "/" ? std::string_view() : scope, type, id.value());
}

const tenant::Subscription* subscription_of(const tenant::World& world, const rbac::Scope& scope) {
    constexpr std::string_view prefix = "/subscriptions/";
    if (!starts_with_ignoring_case(scope.key(), prefix)) return nullptr;
    const std::string_view rest = std::string_view(scope.key()).substr(prefix.size());
    return world.find_subscription(rest.substr(0, rest.find('/')));
}

const tenant::ManagementGroup* management_group_of(const tenant::World& world, const rbac::Scope& scope) {
    if (scope.kind() != rbac::ScopeKind::management_group) return nullptr;
    return world.find_management_group(std::string_view(scope.value()).substr(scope.value().rfind('/') + 1));
}

std::unexpected<Error> linked_refusal(const gateway::Context& context, std::string_view action, std::string_view linked,
                                      const rbac::Scope& scope, const Error& why) {
    Error refusal{ErrorCode::linked_forbidden,
                  fmt::format("The client '{}' with object id '{}' has permission to perform action '{}' on scope '{}'; "
                              "however, it does not have permission to perform action '{}' on the linked scope(s) '{}' or "
                              "the linked scope(s) are invalid. {}",
                              context.caller().name, context.actor(), action, context.scope().value(), linked, scope.value(),
                              why.message)};
    refusal.detail = why.detail;
    return std::unexpected(std::move(refusal));
}

std::string role_definition_id(const tenant::World& world, const rbac::Scope& shown_at, const Guid& id) {
    const auto* subscription = subscription_of(world, shown_at);
    const std::string scope =
        subscription != nullptr ? fmt::format("/subscriptions/{}", subscription->id.value()) : std::string("/");
    return extension_id(scope, role_definitions_type, id);
}

Result<Guid> parse_role_definition_id(std::string_view text) {
    const std::size_t slash = text.rfind('/');
    const auto id = Guid::parse(slash == std::string_view::npos ? text : text.substr(slash + 1));
    bool is_role = id.has_value();
    if (slash != std::string_view::npos) {
        const std::string before = to_lower(text.substr(0, slash));
        is_role = is_role && before.starts_with('/') && before.ends_with("/providers/microsoft.authorization/roledefinitions");
    }
    if (is_role) return *id;
    return arm_failure(ErrorCode::invalid_parameter, "InvalidRoleDefinitionId",
                       fmt::format("The role definition ID '{}' is not valid. It must be "
                                   "'[scope]/providers/Microsoft.Authorization/roleDefinitions/[GUID]'.",
                                   text));
}

} // namespace berth::control_plane
