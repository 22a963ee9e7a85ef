#pragma once

#include "base/names.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "data_plane/attributes.hpp"
#include "rbac/name_selection.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The rows of repositories: functions for closures of `Database::read` and `write`. `registry` is `Registry::row`.
namespace berth::data_plane {

struct Repository {
    std::int64_t row = 0;
    Attributes attributes;
};

/// `name_unknown` if there is none.
Result<Repository> find_repository(storage::Session& session, std::int64_t registry, std::string_view name);

/// A push: the repository, which comes to be with its first content, changed now. `operation_disallowed` if it is locked
/// against writing. `created` says whether it is new.
struct PushedRepository {
    Repository repository;
    bool created = false;
};
Result<PushedRepository> push_to_repository(storage::Session& session, std::int64_t registry, std::string_view name,
                                            Timestamp now);
/// Notes that the content has changed.
Result<void> touch_repository(storage::Session& session, std::int64_t repository, Timestamp now);

/// Which repositories a list shows: those where `shows` says so (every one, if it is empty), looked for in `where`, which
/// holds all of them and should hold little else: it becomes ranges of the index.
struct RepositoryFilter {
    rbac::NameSelection where = rbac::NameSelection::everything();
    std::function<bool(std::string_view name)> shows{};
};
/// Names in byte order behind `after`, hidden ones left out; at most `limit`, and fewer only at the end.
Result<std::vector<std::string>> list_repositories(storage::Session& session, std::int64_t registry,
                                                   const RepositoryFilter& filter, std::string_view after, std::uint64_t limit);

/// What the repository API shows.
struct RepositoryDetails {
    Repository repository;
    Timestamp created_at{};
    Timestamp updated_at{};
    std::uint64_t manifest_count = 0;
    std::uint64_t tag_count = 0;
};
/// Counts by walking the repository's index entries: a scan. `name_unknown`.
Result<RepositoryDetails> read_repository_details(storage::Session& session, std::int64_t registry, std::string_view name);
/// Sets the locks. `name_unknown`.
Result<void> set_repository_attributes(storage::Session& session, std::int64_t registry, std::string_view name,
                                       Attributes attributes, Timestamp now);

/// The one wording of `name_unknown`.
std::unexpected<Error> repository_unknown(std::string_view name);

} // namespace berth::data_plane
