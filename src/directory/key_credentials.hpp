#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"
#include "tenant/key_credential_store.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <span>
#include <vector>

/// Certificates of applications and service principals as Graph writes them (resource type `keyCredential`).
namespace berth::directory {

/// The certificates after a PATCH with this `keyCredentials`, which replaces them all. An item without `key` and with the
/// `keyId` of one that is there keeps it. `key` is the certificate, DER in base64; `type` AsymmetricX509Cert, `usage` Verify.
/// It holds from `startDateTime` to `endDateTime`, within what the certificate says. `invalid_parameter` otherwise.
Result<std::vector<tenant::KeyCredential>> parse_key_credentials(const boost::json::value& given,
                                                                 std::span<const tenant::KeyCredential> kept);

/// The same on the rows of an application or a service principal, in the transaction.
Result<void> replace_key_credentials(storage::Session& session, const Guid& owner, const boost::json::value& given);

/// `keyCredentials` as Graph shows them: without the certificates themselves.
boost::json::array to_json(std::span<const tenant::KeyCredential> credentials);

} // namespace berth::directory
