#pragma once

#include "data_plane/import/image_source.hpp"
#include "data_plane/import/import_request.hpp"
#include "data_plane/import/registry_challenge.hpp"
#include "outbound/checked_client.hpp"
#include "outbound/target_url.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>

namespace berth::data_plane {

/// A repository of another server that speaks the OCI distribution API, with Basic or Docker's token authentication.
/// Credentials go to the host that was named and to nobody else (`may_get_credentials`). Calls that fail for reasons that pass
/// are made again some times. Thread-safe but for what `ImageSource` says; blocks.
class RemoteRegistry final : public ImageSource {
public:
    /// `address` is `https://host[:port]`, or http where that was allowed.
    RemoteRegistry(const outbound::CheckedClient& client, std::string address, RepositoryName repository,
                   std::optional<SourceCredentials> credentials, std::stop_token stop);

    Result<SourceManifest> manifest(const Reference& reference) override;
    /// By the referrers API, or by the tag that stands in for it (OCI distribution specification, "Referrers Tag Schema").
    Result<std::vector<Digest>> referrers(const Digest& subject) override;

    /// The blob's bytes from `offset` on. The sink sees in the head whether the source goes on there (206) or begins anew
    /// (200). `blob_unknown` if the source has none, `range_not_satisfiable`, `unavailable` for what may pass. Tried once.
    Result<void> blob(const Digest& digest, std::uint64_t offset, std::uint64_t limit, outbound::BodySink& sink);

private:
    Result<outbound::CheckedResponse> call(outbound::CheckedRequest request, outbound::BodySink* sink);
    Result<outbound::CheckedResponse> call_again(const outbound::CheckedRequest& request);
    Result<void> log_in(const outbound::CheckedResponse& refused, const Secret& refused_authorization);
    Result<Secret> fetch_token(const RegistryChallenge& challenge);
    Result<Secret> token_for_bare_token(const RegistryChallenge& challenge, const Secret& given);
    Result<Secret> refresh(const RegistryChallenge& challenge, const Secret& refresh_token);
    Result<std::vector<Digest>> referrers_by_tag(const Digest& subject);
    Result<std::string> next_page(const outbound::CheckedResponse& page) const;
    std::unexpected<Error> refused(const outbound::CheckedResponse& answer, std::string_view what) const;
    std::string scope() const;
    Secret authorization() const;

    const outbound::CheckedClient& client_;
    std::string address_;
    std::string host_;
    RepositoryName repository_;
    std::optional<SourceCredentials> credentials_;
    std::stop_token stop_;
    std::mutex logging_in_;
    mutable std::mutex mutex_; // guards what follows
    Secret authorization_;
};

/// Runs `work` again, after a growing wait, while it fails with `unavailable`: a source that is restarted, a connection that
/// broke. Gives up after `most_attempts`, or when it is told to stop.
inline constexpr unsigned most_attempts = 6;
/// Waits before the next attempt; false when told to stop.
bool wait_before(unsigned attempt, const std::stop_token& stop);

/// Whether credentials for the registry at `source` may go to a token server at `realm`: to where they go anyway (the same
/// scheme, host and port), to another port of the same host with TLS, whose certificate proves the host (GitLab has its token
/// server there), and for public registries whose token server is known to be elsewhere, to that.
bool may_get_credentials(const outbound::TargetUrl& source, const outbound::TargetUrl& realm) noexcept;

} // namespace berth::data_plane
