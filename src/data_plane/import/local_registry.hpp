#pragma once

#include "data_plane/import/image_source.hpp"
#include "storage/database.hpp"

#include <cstdint>

namespace berth::data_plane {

/// A repository of this berth as a source: read in one transaction, so that what is planned is there when it is linked.
class LocalRegistry final : public ImageSource {
public:
    LocalRegistry(storage::Session& session, std::int64_t registry, const RepositoryName& repository) noexcept
        : session_(session), registry_(registry), repository_(repository) {}

    /// Also `name_unknown`, and `operation_disallowed` for what is locked against reading.
    Result<SourceManifest> manifest(const Reference& reference) override;
    Result<std::vector<Digest>> referrers(const Digest& subject) override;

private:
    storage::Session& session_;
    std::int64_t registry_;
    const RepositoryName& repository_;
};

} // namespace berth::data_plane
