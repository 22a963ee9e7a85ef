#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/time.hpp"
#include "base/worker_pool.hpp"
#include "identity/assertion.hpp"
#include "identity/trusted_issuer.hpp"
#include "outbound/checked_client.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace berth::identity {

/// The issuers that the configuration names, and their published keys, which are fetched when they are first needed and kept
/// for an hour. A key that is not among them makes berth look again, at most once a minute; while an issuer does not answer,
/// what was fetched in the last day goes on counting. Thread-safe.
class TrustedIssuers {
public:
    TrustedIssuers(std::vector<TrustedIssuer> issuers, const outbound::CheckedClient& client, WorkerPool& workers,
                   const Clock& clock);
    ~TrustedIssuers();

    /// nullptr for an issuer that is not trusted.
    const TrustedIssuer* find(std::string_view issuer) const noexcept;
    /// Whether any issuer's tokens are taken as they are.
    bool takes_tokens() const noexcept;
    /// Whether tokens of this issuer for this audience (a slash at its end does not count) are.
    bool takes_tokens_for(std::string_view issuer, std::string_view audience) const noexcept;

    /// Whether the token was signed with a key that its issuer publishes, by the algorithm that this key is for, and holds now.
    /// `invalid_credentials` if not, or for an issuer that is not trusted; `unavailable` when the keys cannot be had.
    Task<Result<void>> verify(const Assertion& token);

private:
    struct Entry;
    Task<Result<void>> fetch(Entry& entry, std::string_view key_id);

    std::vector<std::unique_ptr<Entry>> entries_;
    const outbound::CheckedClient& client_;
    WorkerPool& workers_;
    const Clock& clock_;
};

} // namespace berth::identity
