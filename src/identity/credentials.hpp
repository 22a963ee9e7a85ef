#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "base/time.hpp"
#include "base/worker_pool.hpp"
#include "identity/caller.hpp"
#include "identity/seal.hpp"
#include "identity/sign_in_attempts.hpp"
#include "identity/trusted_issuer.hpp"
#include "storage/database.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/world.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::identity {

/// `sha256$<hex>` of a random secret that berth generated.
std::string hash_secret(const Secret& secret);
/// `scrypt$N$r$p$<salt>$<hash>` of a person's password; takes tens of milliseconds: run it on a worker.
std::string hash_password(const Secret& password);
/// Constant time in the secret. False for a hash of unknown form.
bool matches_hash(std::string_view secret, std::string_view hash);
/// Whether comparing with this hash takes tens of milliseconds.
bool is_slow_hash(std::string_view hash) noexcept;

/// A new secret and what is kept of it.
struct NewCredential {
    Secret secret;
    std::string hash;
    tenant::CredentialInfo info;
};
NewCredential make_credential(std::optional<std::string> display_name, Timestamp now, std::chrono::seconds lifetime);

/// Who proved to be who they are, with which of their secrets (`Caller::secret`), and what a provider said of their groups.
struct VerifiedPrincipal {
    Guid id;
    std::string secret;
    OutsideGroups outside_groups{};
};

/// Checks names and secrets of principals, admin users and repository tokens. What was verified is remembered under a keyed
/// hash, bounded and for a short time, so that Basic credentials on each request cost as little as a token; a changed secret,
/// principal or registry counts at once. Thread-safe.
class Credentials {
public:
    Credentials(storage::Database& database, const Seal& seal, WorkerPool& workers, const Clock& clock);
    ~Credentials();

    /// Which outside issuers are trusted now: what was made with a token of another one counts no more (`check_secret`).
    /// `sign_in_provider` is the issuer whose people sign in; empty for none. Call before the first request.
    void set_trusted(std::span<const TrustedIssuer> issuers, std::string sign_in_provider);

    /// The principal that signs in as `name` (a client id, or a user's name) with `secret`. `invalid_credentials`, the
    /// same for an unknown name, a wrong or expired secret and a disabled principal; an unknown name costs as much.
    /// `too_many_requests` while many passwords of people are being checked, and for a person's name that is locked after
    /// wrong ones (`SignInAttempts`); `address` is the client's.
    /// `world` must be the current one.
    Task<Result<VerifiedPrincipal>> verify_principal(const tenant::World& world, std::string_view name, std::string_view secret,
                                                     std::string_view address = {});
    /// Whether `name` and `secret` are the admin user of the registry, with it enabled: which of its passwords that is
    /// (`Caller::secret`).
    Task<Result<std::string>> verify_admin_user(const tenant::Registry& registry, std::string_view name,
                                                std::string_view secret);
    /// Whether it is one of the token's passwords, with the token enabled: which one (`Caller::secret`).
    Task<Result<std::string>> verify_repository_token(const tenant::RegistryToken& token, std::string_view secret);

    /// Whether the secret behind a token's caller is still there and has not ended, and what an outside issuer said of their
    /// groups still counts: `invalid_credentials` if not. The answer is remembered, and forgotten with `forget_remembered`.
    Task<Result<void>> check_secret(const tenant::World& world, const Caller& caller);
    /// The same by what is true in this transaction; nothing is remembered.
    Result<void> check_secret_in(storage::Session& session, const tenant::World& world, const Caller& caller) const;

    /// Who was wrong how often; for other things that can be guessed too.
    SignInAttempts& attempts() noexcept { return attempts_; }

    /// Call after a secret of anybody was added, changed or removed, once that is durable: forgets what was remembered.
    void forget_remembered() noexcept;

    /// The two passwords of a registry's admin user, in the order `password`, `password2`; makes them if there are
    /// none.
    Task<Result<std::vector<std::pair<std::string, Secret>>>> admin_passwords(const tenant::Registry& registry);
    /// Makes a new one, and before it does what `beside` does, in the same transaction; nothing is made when that fails.
    /// `invalid_parameter` for another name than `password` or `password2`.
    Task<Result<void>> regenerate_admin_password(const tenant::Registry& registry, std::string_view which,
                                                 std::function<Result<void>(storage::Session&)> beside = {});

private:
    struct Memory;
    storage::Database& database_;
    const Seal& seal_;
    WorkerPool& workers_;
    const Clock& clock_;
    SignInAttempts attempts_;
    std::unique_ptr<Memory> memory_;
};

} // namespace berth::identity
