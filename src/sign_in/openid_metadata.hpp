#pragma once

#include <boost/json/object.hpp>

#include <string_view>

namespace berth::sign_in {

/// OpenID Connect Discovery 1.0, section 3, as far as MSAL reads it: what an authority is called and where it is. `base` is
/// the address that the client used: JavaScript clients want the issuer there (azure-rbac-and-arm section 0, 11).
boost::json::object tenant_metadata(std::string_view base, std::string_view tenant_id, bool v2);
/// The same in the form of an ADFS.
boost::json::object adfs_metadata(std::string_view base);

} // namespace berth::sign_in
