#include "gateway/permission.hpp"

namespace berth::gateway {
namespace {

using rbac::Operation;

Operation action(std::string_view name) {
    return Operation::known("Microsoft.ContainerRegistry/registries/" + std::string(name));
}
Operation data_action(std::string_view name) {
    return Operation::known("Microsoft.ContainerRegistry/registries/" + std::string(name), true);
}

} // namespace

Permission arm_permission(std::string_view operation) {
    const Operation known = Operation::known(operation);
    return {.name = known.name(),
            .registry_permissions = {known},
            .repository_permissions = {known},
            .token_action = {},
            .token_alternative = {},
            .challenge = {},
            .directory_permission = {}};
}

Permission directory_permission(std::string_view name) {
    return {.name = name,
            .registry_permissions = {},
            .repository_permissions = {},
            .token_action = {},
            .token_alternative = {},
            .challenge = {},
            .directory_permission = name};
}

Permission member_permission(std::string_view name) {
    Permission out = directory_permission(name);
    out.members_hold = true;
    return out;
}

namespace permissions {

using tenant::TokenAction;

const Permission pull{.name = "repository/pull",
                      .registry_permissions = {action("pull/read")},
                      .repository_permissions = {data_action("repositories/content/read")},
                      .token_action = "pull",
                      .token_alternative = {},
                      .challenge = "pull",
                      .directory_permission = {},
                      .scope_map_actions = {TokenAction::content_read}};

const Permission push{
    .name = "repository/push",
    .registry_permissions = {action("push/write"), action("pull/read")},
    .repository_permissions = {data_action("repositories/content/write"), data_action("repositories/content/read")},
    .token_action = "push",
    .token_alternative = {},
    .challenge = "pull,push",
    .directory_permission = {},
    .scope_map_actions = {TokenAction::content_read, TokenAction::content_write}};

const Permission delete_content{.name = "repository/delete",
                                .registry_permissions = {action("artifacts/delete")},
                                .repository_permissions = {data_action("repositories/content/delete")},
                                .token_action = "delete",
                                .token_alternative = {},
                                .challenge = "delete",
                                .directory_permission = {},
                                .scope_map_actions = {TokenAction::content_delete}};

// Who may push can move a tag anywhere: taking it away is no more than that. Clients ask for it with a token for `delete`.
const Permission untag{.name = "repository/untag",
                       .registry_permissions = push.registry_permissions,
                       .repository_permissions = push.repository_permissions,
                       .token_action = "delete",
                       .token_alternative = "push",
                       .challenge = "delete",
                       .directory_permission = {},
                       .scope_map_actions = push.scope_map_actions};

// A token asked for `pull` may read attributes too, as ACR lets anonymous pull tokens.
const Permission metadata_read{.name = "repository/metadata_read",
                               .registry_permissions = {action("metadata/read")},
                               .repository_permissions = {data_action("repositories/metadata/read")},
                               .token_action = "metadata_read",
                               .token_alternative = "pull",
                               .challenge = "metadata_read",
                               .directory_permission = {},
                               .scope_map_actions = {TokenAction::metadata_read}};

const Permission metadata_write{.name = "repository/metadata_write",
                                .registry_permissions = {action("metadata/write")},
                                .repository_permissions = {data_action("repositories/metadata/write")},
                                .token_action = "metadata_write",
                                .token_alternative = {},
                                .challenge = "metadata_write",
                                .directory_permission = {},
                                .scope_map_actions = {TokenAction::metadata_write}};

const Permission list_tags{.name = "repository/list_tags",
                           .registry_permissions = {action("pull/read")},
                           .repository_permissions = {data_action("repositories/metadata/read")},
                           .token_action = "pull",
                           .token_alternative = "metadata_read",
                           .challenge = "pull",
                           .directory_permission = {},
                           .scope_map_actions = {TokenAction::content_read}};

const Permission catalog{.name = "registry/catalog",
                         .registry_permissions = {action("pull/read")},
                         .repository_permissions = {data_action("catalog/read")},
                         .token_action = "*",
                         .token_alternative = {},
                         .challenge = "*",
                         .directory_permission = {}};

// Not supported in repository permissions: nobody holds it there.
const Permission sign{.name = "repository/sign",
                      .registry_permissions = {action("sign/write"), data_action("trustedCollections/write")},
                      .repository_permissions = {},
                      .token_action = "push",
                      .token_alternative = {},
                      .challenge = "pull,push",
                      .directory_permission = {}};

} // namespace permissions
} // namespace berth::gateway
