#pragma once

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

/// The rows of tags: functions for closures of `Database::read` and `write`. `repository` is `Repository::row`.
namespace berth::data_plane {

struct StoredTag {
    Digest digest;
    Attributes attributes;
};

/// nullopt if there is none.
Result<std::optional<StoredTag>> find_tag(storage::Session& session, std::int64_t repository, const Tag& tag);

/// Makes the tag point to a manifest of the repository. `operation_disallowed` if it points elsewhere and is locked
/// against writing.
Result<void> set_tag(storage::Session& session, std::int64_t repository, const Tag& tag, const Digest& digest, Timestamp now);

/// Deletes the tag, not what it points to, and returns that. `manifest_unknown`, or `operation_disallowed` if it is locked.
Result<Digest> delete_tag(storage::Session& session, std::int64_t repository, const Tag& tag, Timestamp now);

/// Names in byte order behind `after`, hidden ones left out; at most `limit`.
Result<std::vector<std::string>> list_tags(storage::Session& session, std::int64_t repository, std::string_view after,
                                           std::uint64_t limit);

/// Sets the locks of a tag. `tag_unknown`.
Result<void> set_tag_attributes(storage::Session& session, std::int64_t repository, const Tag& tag, Attributes attributes,
                                Timestamp now);

} // namespace berth::data_plane
