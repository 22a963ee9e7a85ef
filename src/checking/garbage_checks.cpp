#include "checking/check_list.hpp"

namespace berth::checking {

std::vector<Check> garbage_checks() {
    return {
        {.name = "garbage",
         .promise = "A blob that no repository links waits to be collected.",
         .counted = {"select count(*) from garbage_candidates"},
         .wrong =
             {"select 'The blob ' || lower(hex(b.digest)) || ' is linked nowhere, and nothing will collect it.' from blobs b "
              "where not exists (select 1 from repository_blobs l where l.digest = b.digest) "
              "and not exists (select 1 from import_blobs i where i.digest = b.digest) "
              "and not exists (select 1 from garbage_candidates g where g.digest = b.digest)",
              "select 'What waits to be collected has the digest ' || lower(hex(digest)) || ', which is none.' "
              "from garbage_candidates where not (length(digest) = 33 and substr(digest, 1, 1) = x'01') "
              "and not (length(digest) = 65 and substr(digest, 1, 1) = x'02')",
              "select 'What waits to be collected is in the repository number ' || repository_id || ', which was never made.' "
              "from garbage_candidates where repository_id < 0 or "
              "repository_id > ifnull((select seq from sqlite_sequence where name = 'repositories'), 0)"}},
        {.name = "untagged",
         .promise = "Manifests without a tag are noted, for policies that take them.",
         .counted = {"select count(*) from manifests"},
         .wrong =
             {"select 'The manifest ' || lower(hex(m.digest)) || ' in the repository number ' || m.repository_id || "
              "' has no tag, and no policy will find it.' from manifests m where not exists (select 1 from tags t where "
              "t.repository_id = m.repository_id and t.digest = m.digest) and not exists (select 1 from "
              "untagged_manifests u where u.repository_id = m.repository_id and u.digest = m.digest) and m.subject is null and "
              // These a policy strikes off: they go with their subject, or are noted again when their index goes.
              "not exists (select 1 from manifest_references l where l.repository_id = m.repository_id and "
              "likelihood(l.digest = m.digest, 0.0001) and l.is_manifest = 1)"}},
        {.name = "operations",
         .promise = "Work that goes on after its answer has not ended, and what has ended says how.",
         .counted = {"select count(*) from operations"},
         .wrong = {"select 'The operation ' || id || ' is ' || status || ' and says otherwise when it ended.' from operations "
                   "where (status in ('Succeeded', 'Failed', 'Canceled')) <> (ended_at is not null)"}},
    };
}

} // namespace berth::checking
