#pragma once

#include "data_plane/content_range.hpp"
#include "data_plane/ended_uploads.hpp"
#include "data_plane/upload_limits.hpp"
#include "data_plane/upload_session.hpp"
#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"
#include "storage/files/memory_budget.hpp"

#include <vector>

namespace berth::data_plane {

/// `/v2/<name>/blobs/uploads/…` (OCI distribution specification: end-4 to end-6, end-11, end-13, end-14).
class UploadRoutes {
public:
    UploadRoutes(gateway::Services services, const UploadLimitOptions& limits)
        : services_(services), limits_(services.clock, limits) {}
    std::vector<gateway::Route> routes();
    UploadLimits& limits() noexcept { return limits_; }

private:
    Task<Result<http::Response>> start(gateway::Context& context);
    Task<Result<http::Response>> append(gateway::Context& context);
    Task<Result<http::Response>> finish(gateway::Context& context);
    Task<Result<http::Response>> status(gateway::Context& context);
    Task<Result<http::Response>> cancel(gateway::Context& context);

    Result<UploadSession> session_of(const gateway::Context& context) const;
    http::Response progress(const gateway::Context& context, unsigned status, UploadSession session, std::uint64_t size) const;
    Task<Result<http::Response>> receive_last(gateway::Context& context, const UploadSession& session, const Digest& expected);
    Task<Result<http::Response>> store(gateway::Context& context, const UploadSession& session, const Digest& digest,
                                       storage::UploadWriter& writer, UploadUse& use);
    Task<Result<http::Response>> store_small(gateway::Context& context, const UploadSession& session, const Digest& digest,
                                             std::span<const std::byte> content);

    gateway::Services services_;
    EndedUploads ended_;
    UploadLimits limits_;
    storage::MemoryBudget memory_{64 * 1024 * 1024}; ///< for the buffers of all uploads that come fast
};

} // namespace berth::data_plane
