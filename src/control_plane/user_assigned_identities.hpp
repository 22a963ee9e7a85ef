#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

/// `Microsoft.ManagedIdentity/userAssignedIdentities`: an identity that no secret of a person stands behind. Its service
/// principal is made in the transaction that makes the resource and ends with it. Beside Azure's, it has berth's own actions
/// for the places where it is used, `createIdentityEndpoint`, `listIdentityEndpoints` and `deleteIdentityEndpoint`: what Azure
/// does when an identity is assigned to a machine, with the same permission (`assign/action`).
ResourceType user_assigned_identities();

/// Its `federatedIdentityCredentials`: tokens of an outside issuer that stand for it. `issuers` says which of them are taken as
/// they are, and outlives the type.
ResourceType identity_federated_credentials(const identity::TrustedIssuers& issuers);

} // namespace berth::control_plane
