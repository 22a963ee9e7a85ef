#include "gateway/error_table.hpp"

#include <array>

namespace berth::gateway {
namespace {

using enum ErrorCode;

constexpr std::array table{
    ErrorMapping{bad_request, 400, 400, "UNSUPPORTED", "BadRequest"},
    ErrorMapping{invalid_json, 400, 400, "MANIFEST_INVALID", "InvalidRequestContent"},
    ErrorMapping{invalid_parameter, 400, 400, "UNSUPPORTED", "InvalidParameter"},
    ErrorMapping{missing_api_version, 400, 400, "UNSUPPORTED", "MissingApiVersionParameter"},
    ErrorMapping{payload_too_large, 413, 413, "SIZE_INVALID", "RequestContentTooLarge"},
    ErrorMapping{unsupported_media_type, 415, 415, "MANIFEST_INVALID", "UnsupportedMediaType"},
    ErrorMapping{method_not_allowed, 405, 405, "UNSUPPORTED", "MethodNotAllowed"},
    ErrorMapping{not_acceptable, 406, 406, "UNSUPPORTED", "NotAcceptable"},
    ErrorMapping{route_unknown, 404, 404, "UNSUPPORTED", "InvalidResourceType"},
    ErrorMapping{range_not_satisfiable, 416, 416, "SIZE_INVALID", "RequestedRangeNotSatisfiable"},
    ErrorMapping{precondition_failed, 412, 412, "UNSUPPORTED", "PreconditionFailed"},
    ErrorMapping{length_required, 411, 411, "SIZE_INVALID", "LengthRequired"},
    ErrorMapping{unauthenticated, 401, 401, "UNAUTHORIZED", "AuthenticationFailed"},
    ErrorMapping{invalid_credentials, 401, 401, "UNAUTHORIZED", "InvalidAuthenticationToken"},
    ErrorMapping{forbidden, 403, 401, "UNAUTHORIZED", "AuthorizationFailed"},
    ErrorMapping{linked_forbidden, 403, 401, "UNAUTHORIZED", "LinkedAuthorizationFailed"},
    ErrorMapping{directory_forbidden, 403, 401, "UNAUTHORIZED", "Authorization_RequestDenied"},
    ErrorMapping{network_forbidden, 403, 403, "DENIED", "NetworkAccessDenied"},
    ErrorMapping{name_invalid, 400, 400, "NAME_INVALID", "InvalidResourceName"},
    ErrorMapping{name_unknown, 404, 404, "NAME_UNKNOWN", "ResourceNotFound"},
    ErrorMapping{digest_invalid, 400, 400, "DIGEST_INVALID", "InvalidParameter"},
    ErrorMapping{tag_invalid, 400, 400, "TAG_INVALID", "InvalidParameter"},
    ErrorMapping{tag_unknown, 404, 404, "TAG_UNKNOWN", "ResourceNotFound"},
    ErrorMapping{manifest_unknown, 404, 404, "MANIFEST_UNKNOWN", "ResourceNotFound"},
    ErrorMapping{manifest_invalid, 400, 400, "MANIFEST_INVALID", "InvalidParameter"},
    ErrorMapping{manifest_blob_unknown, 404, 404, "MANIFEST_BLOB_UNKNOWN", "ResourceNotFound"},
    ErrorMapping{blob_unknown, 404, 404, "BLOB_UNKNOWN", "ResourceNotFound"},
    ErrorMapping{blob_upload_unknown, 404, 404, "BLOB_UPLOAD_UNKNOWN", "ResourceNotFound"},
    ErrorMapping{blob_upload_invalid, 400, 400, "BLOB_UPLOAD_INVALID", "InvalidParameter"},
    ErrorMapping{size_invalid, 400, 400, "SIZE_INVALID", "InvalidParameter"},
    ErrorMapping{unsupported, 400, 400, "UNSUPPORTED", "UnsupportedOperation"},
    ErrorMapping{operation_disallowed, 405, 405, "REGISTRY_DISALLOWED_OPERATION", "OperationNotAllowed"},
    ErrorMapping{not_found, 404, 404, "NAME_UNKNOWN", "ResourceNotFound"},
    ErrorMapping{resource_group_not_found, 404, 404, "NAME_UNKNOWN", "ResourceGroupNotFound"},
    ErrorMapping{subscription_not_found, 404, 404, "NAME_UNKNOWN", "SubscriptionNotFound"},
    ErrorMapping{conflict, 409, 409, "UNSUPPORTED", "Conflict"},
    ErrorMapping{already_exists, 409, 409, "UNSUPPORTED", "AlreadyExists"},
    ErrorMapping{in_use, 409, 409, "UNSUPPORTED", "InUse"},
    ErrorMapping{name_not_available, 409, 409, "UNSUPPORTED", "AlreadyInUse"},
    ErrorMapping{role_assignment_exists, 409, 409, "UNSUPPORTED", "RoleAssignmentExists"},
    ErrorMapping{role_assignment_update_not_permitted, 400, 400, "UNSUPPORTED", "RoleAssignmentUpdateNotPermitted"},
    ErrorMapping{role_definition_not_found, 404, 404, "UNSUPPORTED", "RoleDefinitionDoesNotExist"},
    ErrorMapping{role_definition_name_exists, 409, 409, "UNSUPPORTED", "RoleDefinitionWithSameNameExists"},
    ErrorMapping{role_definition_in_use, 400, 400, "UNSUPPORTED", "RoleDefinitionHasAssignments"},
    ErrorMapping{scope_locked, 409, 409, "UNSUPPORTED", "ScopeLocked"},
    ErrorMapping{last_administrator, 412, 412, "UNSUPPORTED", "CannotDeleteLastRbacAdminAssignment"},
    ErrorMapping{principal_not_found, 400, 400, "UNSUPPORTED", "PrincipalNotFound"},
    ErrorMapping{limit_exceeded, 400, 400, "UNSUPPORTED", "LimitExceeded"},
    ErrorMapping{too_many_requests, 429, 429, "TOOMANYREQUESTS", "TooManyRequests"},
    ErrorMapping{not_implemented, 501, 501, "UNSUPPORTED", "NotImplemented"},
    ErrorMapping{unavailable, 503, 503, "UNAVAILABLE", "ServiceUnavailable"},
    ErrorMapping{storage_full, 507, 507, "UNAVAILABLE", "InsufficientStorage"},
    ErrorMapping{storage_read_only, 503, 503, "UNAVAILABLE", "StorageReadOnly"},
    ErrorMapping{timeout, 408, 408, "UNAVAILABLE", "RequestTimeout"},
    ErrorMapping{internal, 500, 500, "UNKNOWN", "InternalServerError"},
};

// The table is in the order of the enumeration, one row each, so that a code is its index.
constexpr bool is_complete() {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (static_cast<std::size_t>(table[i].code) != i) return false;
    }
    return table.size() == static_cast<std::size_t>(internal) + 1;
}
static_assert(is_complete());

} // namespace

const ErrorMapping& mapping_of(ErrorCode code) noexcept { return table[static_cast<std::size_t>(code)]; }

std::optional<ErrorCode> code_of_arm(std::string_view arm_code) noexcept {
    for (const ErrorMapping& row : table) {
        if (row.arm_code == arm_code) return row.code;
    }
    return std::nullopt;
}

} // namespace berth::gateway
