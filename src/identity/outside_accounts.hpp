#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"

#include <string>
#include <string_view>

namespace berth::identity {

/// Somebody for whom an outside provider vouched.
struct OutsidePerson {
    std::string issuer;
    std::string subject;      ///< what the provider calls them for ever
    std::string name;         ///< what people call them there (`preferred_username`, `email`); may be empty
    std::string display_name; ///< may be empty
};

struct OutsideUser {
    Guid id;
    bool is_new = false; ///< made now
};

/// What stands for the provider's word in the place of a secret (`VerifiedPrincipal::secret`).
inline constexpr std::string_view outside_account_secret = "outside";
/// Whether this issuer vouches for the user.
Result<bool> has_outside_account(storage::Session& session, const Guid& user, std::string_view issuer);

/// The user of the directory who is this person: found by issuer and subject alone, made at the first sign-in, without rights
/// and without a password. A name of the directory is never taken for the same person: the new user is called
/// `<name>#ext#@<issuer's host>`. For use inside a closure of `Database::write`.
Result<OutsideUser> find_or_make_user(storage::Session& session, const Guid& tenant, const OutsidePerson& person,
                                      Timestamp now);

} // namespace berth::identity
