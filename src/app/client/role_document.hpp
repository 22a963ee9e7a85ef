#pragma once

#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace berth::app {

/// A custom role as people write it in a file, made into what ARM takes: az's form (`Name`, `Description`, `Actions`,
/// `NotActions`, `DataActions`, `NotDataActions`, `AssignableScopes`, in any letter case), the same with `permissions`, or
/// what `role definition show --output json` printed.
struct RoleDocument {
    std::string guid; ///< of `name` or `id`, when it holds one; else empty
    boost::json::object properties;

    /// `invalid_json`, or `invalid_parameter` with the member that is unknown or of the wrong type. A role without
    /// assignable scopes gets `default_scope`.
    static Result<RoleDocument> parse(std::string_view text, const std::string& default_scope);
};

} // namespace berth::app
