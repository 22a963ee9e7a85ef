#pragma once

#include "base/digest.hpp"
#include "base/names.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "data_plane/attributes.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What ACR's repository API shows of tags and manifests: functions for closures of `Database::read`. `repository` is
/// `Repository::row`. Hidden ones are left out of lists.
namespace berth::data_plane {

enum class Order : std::uint8_t { name, time_ascending, time_descending };

struct TagDetails {
    std::string name;
    Digest digest;
    Attributes attributes;
    Timestamp created_at{};
    Timestamp updated_at{};
};
/// `tag_unknown`.
Result<TagDetails> read_tag_details(storage::Session& session, std::int64_t repository, const Tag& tag);
/// Tags behind the tag `after` in the order, of one manifest if given; at most `limit`. By time is a scan.
Result<std::vector<TagDetails>> list_tag_details(storage::Session& session, std::int64_t repository, Order order,
                                                 std::string_view after, const std::optional<Digest>& digest,
                                                 std::uint64_t limit);

struct ManifestDetails {
    Digest digest;
    std::string media_type;
    std::optional<std::string> config_media_type;
    std::optional<std::string> architecture;
    std::optional<std::string> operating_system;
    std::uint64_t image_size = 0;
    Attributes attributes;
    Timestamp created_at{};
    Timestamp updated_at{};
    std::vector<std::string> tags;
};
/// `manifest_unknown`.
Result<ManifestDetails> read_manifest_details(storage::Session& session, std::int64_t repository, const Digest& digest);
/// Manifests behind the manifest `after` in the order; at most `limit`. By time is a scan.
Result<std::vector<ManifestDetails>> list_manifest_details(storage::Session& session, std::int64_t repository, Order order,
                                                           const std::optional<Digest>& after, std::uint64_t limit);

} // namespace berth::data_plane
