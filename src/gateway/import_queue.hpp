#pragma once

#include "identity/caller.hpp"
#include "tenant/operation_store.hpp"

#include <optional>

namespace berth::gateway {

/// Who asked for an import, as they proved it: their rights are decided once more when the image is complete.
struct ImportCallers {
    identity::Caller actor;
    /// Who the credentials for a source in this berth are; nullopt: the actor reads there.
    std::optional<identity::Caller> source{};
};

/// Takes up imports whose operation is in the database. Thread-safe; returns at once.
class ImportQueue {
public:
    virtual ~ImportQueue() = default;
    virtual void submit(tenant::Operation operation, ImportCallers callers) = 0;
};

} // namespace berth::gateway
