#pragma once

#include "storage/database.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace berth::storage {

/// One change, as webhooks, audit, replication and usage will read it.
struct Event {
    std::string kind;                     ///< e.g. `manifest.push`, `tag.delete`, `roleAssignment.write`
    std::optional<std::int64_t> registry; ///< row of the registry it happened in
    std::string actor;                    ///< object id of who did it, `admin:<registry>` or `anonymous`
    boost::json::object detail;           ///< what: names, digests, ids; never a secret
};

/// Appends the event in the transaction that makes the change.
Result<void> append_event(Session& session, Timestamp at, const Event& event);

} // namespace berth::storage
