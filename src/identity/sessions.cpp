#include "identity/sessions.hpp"

#include "identity/handle.hpp"
#include "identity/person_columns.hpp"
#include "tenant/columns.hpp"

namespace berth::identity {

using storage::Rows;
using storage::Session;

Result<Secret> start_session(Session& session, const VerifiedPrincipal& person, Timestamp now) {
    const Handle handle = make_handle();
    if (auto pruned = session.execute("delete from sign_in_sessions where ends_at <= ?1", now); !pruned) {
        return failure(std::move(pruned));
    }
    auto thinned = session.execute("delete from sign_in_sessions where principal_id = ?1 and id not in (select id from "
                                   "sign_in_sessions where principal_id = ?1 order by ends_at desc limit 99)",
                                   person.id.value());
    if (!thinned) return failure(std::move(thinned));
    auto inserted = session.execute(
        "insert into sign_in_sessions(id, principal_id, secret, outside_groups, created_at, ends_at) "
        "values (?1, ?2, ?3, ?4, ?5, ?6)",
        handle.id, person.id.value(), person.secret, person.outside_groups.to_text(), now, now + session_lifetime);
    if (!inserted) return failure(std::move(inserted));
    return handle.value;
}

Result<std::optional<VerifiedPrincipal>> find_session(Session& session, std::string_view value, Timestamp now) {
    const auto read = [](const Rows& rows) { return person_columns(rows, 0); };
    return tenant::find(session,
                        "select principal_id, secret, outside_groups from sign_in_sessions where id = ?1 and ends_at > ?2",
                        read, handle_id(value), now);
}

Result<std::optional<Guid>> end_session(Session& session, std::string_view value) {
    const auto read = [](const Rows& rows) { return tenant::guid_column(rows, 0, "person of a session"); };
    return tenant::find(session, "delete from sign_in_sessions where id = ?1 returning principal_id", read, handle_id(value));
}

} // namespace berth::identity
