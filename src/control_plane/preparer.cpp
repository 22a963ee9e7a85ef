#include "control_plane/preparer.hpp"

#include "base/encoding.hpp"
#include "control_plane/operations.hpp"
#include "storage/events.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace berth::control_plane {
namespace {

using boost::json::object;
using storage::Session;
using tenant::Operation;
using tenant::OperationStatus;
using tenant::Resource;

constexpr std::string_view state = "provisioningState";
constexpr std::string_view status = "status"; // of a resource: what its state is about, in words

} // namespace

bool is_final_state(std::string_view provisioning_state) noexcept {
    return std::ranges::any_of(std::array{"Succeeded", "Failed", "Canceled"},
                               [&](std::string_view one) { return equals_ignoring_case(one, provisioning_state); });
}

bool announce_preparation(const ResourceType& type, Resource& next, const Resource* before) {
    if (!type.preparation.run || !type.preparation.is_needed(next, before)) return false;
    next.properties[state] = before == nullptr ? "Creating" : "Updating";
    next.properties.erase(status);
    return true;
}

Preparer::~Preparer() {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return running_ == 0; });
}

Result<void> Preparer::keep(Session& session, const Operation& operation) {
    auto canceled = tenant::cancel_operations(session, *operation.resource_row, operation.kind, operation.started_at);
    if (!canceled) return failure(std::move(canceled));
    return tenant::create_operation(session, operation);
}

void Preparer::submit(Operation operation) {
    {
        const std::scoped_lock lock(mutex_);
        ++running_;
    }
    services_.workers.submit([this, operation = std::move(operation)] {
        work(operation);
        const std::scoped_lock lock(mutex_);
        --running_;
        ended_.notify_all();
    });
}

Result<void> Preparer::resume() {
    for (const ResourceType& type : types_) {
        if (!type.preparation.run) continue;
        const auto read = [&](Session& session) { return tenant::unfinished_operations(session, type.preparation.kind); };
        auto unfinished = sync_wait(services_.database.read(storage::ReadKind::page, read));
        if (!unfinished) return failure(std::move(unfinished));
        for (Operation& operation : *unfinished) submit(std::move(operation));
    }
    return {};
}

void Preparer::work(const Operation& operation) {
    const auto type = std::ranges::find(types_, operation.kind, [](const ResourceType& one) { return one.preparation.kind; });
    const auto read = [&](Session& session) { return tenant::find_resource(session, *operation.resource_row); };
    auto found = sync_wait(services_.database.read(storage::ReadKind::point, read));
    if (found && !*found) return; // deleted, and the operation with it
    Result<void> ended;
    if (found) {
        ended = finish(operation, type->preparation.run(services_, **found));
    } else {
        ended = failure(std::move(found));
    }
    if (ended) ended = sync_wait(services_.tenancy.refresh());
    if (!ended) {
        spdlog::error("'{}' could not be prepared, and the next start tries again: {}", operation.scope.value(),
                      ended.error().message);
    }
}

Result<void> Preparer::finish(const Operation& operation, const Result<void>& done) {
    const Timestamp now = services_.clock.now();
    const auto why = done ? std::nullopt : std::optional(failure_of(done.error()));
    const auto write = [&](Session& session) -> Result<void> {
        auto ended = tenant::finish_operation(session, operation.id,
                                              done ? OperationStatus::succeeded : OperationStatus::failed, why, now);
        if (!ended) return failure(std::move(ended));
        if (!*ended) return {}; // a later write has another one, or the resource is gone
        auto resource = tenant::find_resource(session, *operation.resource_row);
        if (!resource) return failure(std::move(resource));
        if (!*resource) return {};
        object& properties = (*resource)->properties;
        properties[state] = done ? "Succeeded" : "Failed";
        if (!done) {
            properties[status] = object{{"displayStatus", "Failed"}, {"message", why->message}, {"timestamp", to_rfc3339(now)}};
        }
        if (auto kept = tenant::update_resource(session, **resource); !kept) return kept;
        return storage::append_event(session, now,
                                     {.kind = operation.kind,
                                      .registry = operation.resource_row,
                                      .actor = operation.actor,
                                      .detail = {{"id", (*resource)->scope.value()}, {"succeeded", done.has_value()}}});
    };
    return sync_wait(services_.database.write(write));
}

} // namespace berth::control_plane
