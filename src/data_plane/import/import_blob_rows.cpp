#include "data_plane/import/import_blob_rows.hpp"

#include "data_plane/collection/garbage_store.hpp"

namespace berth::data_plane {

using storage::Session;

Result<void> hold_blob(Session& session, const Guid& operation, const Digest& digest) {
    auto done = session.execute("insert into import_blobs(operation_id, digest) values (?1, ?2) on conflict do nothing",
                                operation.value(), digest);
    if (!done) return failure(std::move(done));
    return {};
}

Result<bool> is_held(Session& session, const Guid& operation, const Digest& digest) {
    auto rows = session.query("select 1 from import_blobs where operation_id = ?1 and digest = ?2", operation.value(), digest);
    if (!rows) return failure(std::move(rows));
    return rows->next();
}

namespace {

Result<void> queue_rows(Session& session, storage::Rows rows, Timestamp now) {
    for (;;) {
        auto more = rows.next();
        if (!more) return failure(std::move(more));
        if (!*more) return {};
        auto digest = rows.digest(0);
        if (!digest) return failure(std::move(digest));
        if (auto queued = queue_garbage(session, *digest, no_repository, now); !queued) return queued;
    }
}

} // namespace

Result<void> release_blobs(Session& session, const Guid& operation, Timestamp now) {
    auto rows = session.query("delete from import_blobs where operation_id = ?1 returning digest", operation.value());
    if (!rows) return failure(std::move(rows));
    return queue_rows(session, std::move(*rows), now);
}

Result<void> release_blobs_of_ended_imports(Session& session, Timestamp now) {
    auto rows = session.query("delete from import_blobs where not exists (select 1 from operations o "
                              "where o.id = operation_id and o.ended_at is null) returning digest");
    if (!rows) return failure(std::move(rows));
    return queue_rows(session, std::move(*rows), now);
}

} // namespace berth::data_plane
