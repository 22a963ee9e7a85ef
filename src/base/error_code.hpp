#pragma once

#include <cstdint>

namespace berth {

/// Every way a request can fail, named for its cause, not for a protocol. `gateway/error_table.cpp` maps each to its
/// HTTP status, OCI code and ARM code.
enum class ErrorCode : std::uint8_t {
    // The request itself
    bad_request,         ///< malformed in a way that no code below says better
    invalid_json,        ///< a body that is not the JSON it should be
    invalid_parameter,   ///< a query parameter, form field or property outside its range
    missing_api_version, ///< ARM: no `api-version`
    payload_too_large,   ///< a body above the limit of its route
    unsupported_media_type,
    method_not_allowed,
    not_acceptable,
    route_unknown,
    range_not_satisfiable,
    precondition_failed,
    length_required,

    // Who and whether
    unauthenticated,     ///< no credentials where some are needed
    invalid_credentials, ///< credentials that do not hold (wrong, expired, another audience, disabled)
    forbidden,           ///< known, but lacking a permission
    linked_forbidden,    ///< ARM: allowed here, but lacking a permission on another scope the request names
    directory_forbidden, ///< Graph: lacking a directory permission
    network_forbidden,   ///< a registry's network rules keep out the address that the client comes from

    // Names and content of the distribution specification
    name_invalid,
    name_unknown,
    digest_invalid,
    tag_invalid,
    tag_unknown,
    manifest_unknown,
    manifest_invalid,
    manifest_blob_unknown,
    blob_unknown,
    blob_upload_unknown,
    blob_upload_invalid,
    size_invalid,
    unsupported,
    operation_disallowed, ///< a lock or policy of the registry forbids it

    // Resources
    not_found,
    resource_group_not_found,
    subscription_not_found,
    conflict,
    already_exists,
    in_use,
    name_not_available,
    role_assignment_exists,
    role_assignment_update_not_permitted,
    role_definition_not_found,
    role_definition_name_exists,
    role_definition_in_use,
    scope_locked,       ///< a lock on the resource, or above or in it, forbids it
    last_administrator, ///< nobody would be left who can give roles in a subscription
    principal_not_found,
    limit_exceeded,

    // The server
    too_many_requests,
    not_implemented,
    unavailable,
    storage_full,
    storage_read_only,
    timeout,
    internal,
};

} // namespace berth
