#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The rows of federated credentials: functions for closures of `Database::read` and `write`.
namespace berth::tenant {

/// Tokens of an outside issuer that stand for an application or a user-assigned identity.
struct FederatedCredential {
    Guid id;
    Guid owner; ///< object id of an application, or of the principal of a user-assigned identity
    std::string name;
    std::string issuer;                 ///< exactly the tokens' `iss`
    std::string subject;                ///< exactly their subject
    std::vector<std::string> audiences; ///< one of them is in their `aud`
    std::optional<std::string> description;
    Timestamp since{}; ///< when it was made, or was changed to stand for others
};

/// How many one owner can have, as in Azure.
inline constexpr std::size_t max_federated_credentials = 20;

/// What tokens that were made by it name as the secret behind them (`identity::Caller::secret`). It is another one once the
/// credential means another issuer, subject or audience.
std::string federated_secret(const FederatedCredential& credential);
bool is_federated_secret(std::string_view secret) noexcept;
/// The credential of a principal (or its application) whose `federated_secret` that is; nullopt if it is gone or means others.
Result<std::optional<FederatedCredential>> find_federated_secret(storage::Session& session, const Guid& principal,
                                                                 std::string_view secret);

/// Oldest first.
Result<std::vector<FederatedCredential>> list_federated_credentials(storage::Session& session, const Guid& owner);
/// By id, or by name without regard to case; nullopt if there is none.
Result<std::optional<FederatedCredential>> find_federated_credential(storage::Session& session, const Guid& owner,
                                                                     std::string_view id_or_name);
/// Makes it, or replaces the one with its id; `since` counts for a new one and for one that stands for others now. `not_found`
/// for an unknown owner; `already_exists` if another one of the owner has the name, or the issuer and subject, and, where
/// `taken_as_they_are` says that nothing but the token names whose it is, if one of another owner stands for the same tokens:
/// an application's is refused for another application's only, a managed identity's for anybody's, and then the error does not
/// say whose. `limit_exceeded`.
Result<void> write_federated_credential(storage::Session& session, const FederatedCredential& credential,
                                        bool taken_as_they_are);
/// `not_found`.
Result<void> delete_federated_credential(storage::Session& session, const Guid& owner, const Guid& id);

/// Of a principal (or its application) for tokens of this issuer and subject.
Result<std::vector<FederatedCredential>> federated_credentials_of(storage::Session& session, const Guid& principal,
                                                                  std::string_view issuer, std::string_view subject);
/// One for tokens of this issuer and subject, and the principal that it stands for.
struct FederatedPrincipal {
    Guid principal;
    FederatedCredential credential;
    bool of_application = false; ///< else of a managed identity
};
/// Of those for tokens of this issuer, subject and audience (a slash at its end does not count) an application's before a
/// managed identity's, and then the one that is so for the longest time: nobody takes somebody's tokens away by claiming them,
/// too, and who may make identities only does not occupy them. nullopt if there is none.
Result<std::optional<FederatedPrincipal>> principal_federated_with(storage::Session& session, std::string_view issuer,
                                                                   std::string_view subject, std::string_view audience);

} // namespace berth::tenant
