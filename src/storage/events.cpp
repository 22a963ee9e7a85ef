#include "storage/events.hpp"

#include <boost/json/serialize.hpp>

namespace berth::storage {

Result<void> append_event(Session& session, Timestamp at, const Event& event) {
    auto done = session.execute("insert into events (at, registry_id, actor, kind, detail) values (?1, ?2, ?3, ?4, ?5)", at,
                                event.registry, event.actor, event.kind, boost::json::serialize(event.detail));
    if (!done) return failure(std::move(done));
    return {};
}

} // namespace berth::storage
