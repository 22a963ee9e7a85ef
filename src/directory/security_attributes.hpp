#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "rbac/attributes.hpp"
#include "storage/database.hpp"

#include <boost/json/object.hpp>

#include <span>
#include <string_view>
#include <vector>

/// Custom security attributes as Graph writes them: sets of named values, which conditions see as
/// `@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:{set}_{name}]`.
namespace berth::directory {

/// Entra's limits: of a set's and an attribute's name, and of a value.
inline constexpr std::size_t longest_attribute_name = 32;
inline constexpr std::size_t longest_attribute_value = 64;

/// The attributes after a PATCH with this `customSecurityAttributes`: what it does not name stays; null, or an empty array,
/// removes an attribute. Names are letters and digits; values are one text or an array of texts. berth keeps text only:
/// numbers and booleans are refused. `invalid_parameter` with the member that is wrong.
Result<std::vector<rbac::SecurityAttribute>> patched_security_attributes(std::vector<rbac::SecurityAttribute> before,
                                                                         const boost::json::value& patch);

/// The same on the row of a principal, in the transaction.
Result<void> patch_security_attributes(storage::Session& session, const Guid& principal, const boost::json::value& patch);

/// `customSecurityAttributes` as Graph shows it: an attribute with one value as a text, with several as an array.
boost::json::object security_attributes_json(std::span<const rbac::SecurityAttribute> attributes);

/// Whether `$select` asks for them: Graph shows them only then.
bool selects_security_attributes(std::string_view select) noexcept;

} // namespace berth::directory
