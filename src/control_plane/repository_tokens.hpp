#pragma once

#include "control_plane/resource_type.hpp"

#include <optional>
#include <string>

namespace berth::control_plane {

/// `Microsoft.ContainerRegistry/registries/tokens`: identities of one registry that can do what their scope map says
/// (acr-data-plane reference, 1.7). Passwords come from `generateCredentials`; what is kept here of them is which there
/// are, since when and until when.
ResourceType repository_tokens();

/// The name of a token that names this scope map, if there is one.
Result<std::optional<std::string>> find_token_with_scope_map(storage::Session& session, const tenant::Resource& scope_map);

} // namespace berth::control_plane
