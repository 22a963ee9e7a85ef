#pragma once

#include "control_plane/resource_type.hpp"
#include "gateway/services.hpp"
#include "tenant/operation_store.hpp"

#include <condition_variable>
#include <mutex>
#include <span>
#include <string_view>

/// Work on resources that goes on after their PUT or PATCH was answered, in ARM's body style: the answer and the resource say
/// `provisioningState` `Creating` or `Updating`, and clients poll the resource until it is `Succeeded` or `Failed`
/// (azure-resource-manager-rpc, "Asynchronous Operations"). What is to be done is an operation in the database from the
/// write's own transaction on, so a restart takes it up again.
namespace berth::control_plane {

/// Whether that is an end. Everything else is polled.
bool is_final_state(std::string_view provisioning_state) noexcept;

/// In the transaction of a write, before the resource's row is written: says in its properties that work goes on, if the type's
/// preparation is needed. False: it is not.
bool announce_preparation(const ResourceType& type, tenant::Resource& next, const tenant::Resource* before);

/// Runs preparations on workers. Thread-safe.
class Preparer {
public:
    /// The types live longer.
    Preparer(gateway::Services services, std::span<const ResourceType> types) : services_(services), types_(types) {}
    /// Waits for those that run.
    ~Preparer();
    Preparer(const Preparer&) = delete;
    Preparer& operator=(const Preparer&) = delete;

    /// In the transaction of a write, after the row: keeps the operation. Earlier ones of the resource count no more.
    static Result<void> keep(storage::Session& session, const tenant::Operation& operation);
    /// Takes up an operation that is in the database; returns at once.
    void submit(tenant::Operation operation);
    /// Takes up what an earlier run of the program did not end.
    Result<void> resume();

private:
    void work(const tenant::Operation& operation);
    Result<void> finish(const tenant::Operation& operation, const Result<void>& done);

    const gateway::Services services_;
    const std::span<const ResourceType> types_;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::size_t running_ = 0;
};

} // namespace berth::control_plane
