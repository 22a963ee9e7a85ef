#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "identity/credentials.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// What people let clients do in their name, with the codes and refresh tokens that hang on it: functions for use inside
/// closures of `Database::write`. What did not hold is an answer and no failure, so that what it ends (a code, or all that
/// a person let a client do) is committed.
namespace berth::identity {

/// A person behind a client.
struct Delegation {
    Guid id;
    VerifiedPrincipal person;
    std::string client_id;
    bool confidential = false; ///< the client proves itself at each use
};

/// What an authorization code is bound to.
struct CodeBinding {
    std::string client_id;
    std::string redirect_uri;
    std::string code_challenge; ///< RFC 7636, S256
    std::string access;         ///< what was asked for, for whoever redeems
    bool confidential = false;
};

/// Why a code or a token gives nothing.
enum class Refused : std::uint8_t {
    unknown,        ///< never made, or forgotten
    expired,        ///< its time is over
    used,           ///< it was used before: all that hung on it has ended
    another_client, ///< it was made for another client
    another_address,
    wrong_verifier,
    pending,  ///< of a device code: nobody has decided yet
    declined, ///< of a device code
    unproved, ///< of a client that has to prove itself and did not
};

inline constexpr std::chrono::minutes code_lifetime{10};
/// From when it was made: a client that comes back in time stays signed in.
inline constexpr std::chrono::days refresh_token_lifetime{90};
/// How long a refresh token that was used may be used again: a client that runs twice at once, or lost the answer.
inline constexpr std::chrono::seconds refresh_leeway{20};

/// A code for the client; one that nobody redeems leaves nothing.
Result<Secret> make_code(storage::Session& session, const VerifiedPrincipal& person, const CodeBinding& binding, Timestamp now);

struct Redeemed {
    Delegation delegation;
    std::string access;
};
/// A code holds once, for its client and redirect URI, with the verifier of its challenge. A wrong attempt spends it, and
/// one after it was spent ends what it gave.
Result<std::variant<Redeemed, Refused>> redeem_code(storage::Session& session, std::string_view code,
                                                    std::string_view client_id, std::string_view redirect_uri,
                                                    std::string_view code_verifier, Timestamp now);

/// What a person lets a client do from now on, without a code.
Result<Delegation> delegate(storage::Session& session, const VerifiedPrincipal& person, const std::string& client_id,
                            bool confidential, std::chrono::seconds lifetime, Timestamp now);

/// A refresh token; what it hangs on lasts as long.
Result<Secret> make_refresh_token(storage::Session& session, const Guid& delegation, Timestamp now);

/// A refresh token holds once, for its client. One that was used before `refresh_leeway` ends all that hangs on the same
/// sign-in: somebody else has it. `proved`: the client has proved itself.
Result<std::variant<Delegation, Refused>> use_refresh_token(storage::Session& session, std::string_view token,
                                                            std::string_view client_id, Timestamp now, bool proved);

/// Ends everything that clients may do for this person, and their sessions.
Result<void> end_sign_ins(storage::Session& session, const Guid& person);

} // namespace berth::identity
