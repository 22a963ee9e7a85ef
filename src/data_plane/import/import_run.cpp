#include "data_plane/import/import_run.hpp"

#include "data_plane/blob_content.hpp"
#include "data_plane/blob_rows.hpp"
#include "data_plane/import/blob_copy.hpp"
#include "data_plane/import/image_commit.hpp"
#include "data_plane/import/import_blob_rows.hpp"
#include "data_plane/import/local_registry.hpp"
#include "data_plane/repository_store.hpp"
#include "gateway/authentication.hpp"
#include "gateway/decision.hpp"
#include "gateway/error_table.hpp"
#include "gateway/lock_check.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>

namespace berth::data_plane {
namespace {

using boost::json::object;
using storage::ReadKind;
using storage::Session;
using tenant::OperationStatus;

constexpr auto progress_interval = std::chrono::seconds(1);
constexpr std::uint64_t most_config_bytes = 1024 * 1024;
// How often the blobs are looked over again when some went while others came.
constexpr unsigned most_rounds = 3;

const gateway::Permission& import_permission() {
    static const auto permission = gateway::arm_permission("Microsoft.ContainerRegistry/registries/importImage/action");
    return permission;
}
const gateway::Permission& read_permission() {
    static const auto permission = gateway::arm_permission("Microsoft.ContainerRegistry/registries/read");
    return permission;
}

tenant::OperationFailure failure_of(const Error& error) {
    const std::string_view code =
        error.protocol_code.empty() ? gateway::mapping_of(error.code).arm_code : std::string_view(error.protocol_code);
    return {std::string(code), error.message};
}

std::unexpected<Error> source_unauthorized(std::string message) {
    Error error{ErrorCode::bad_request, std::move(message)};
    error.protocol_code = "SourceUnauthorized";
    return std::unexpected(std::move(error));
}

std::unexpected<Error> gone() { return failure(ErrorCode::not_found, "The registry was deleted meanwhile."); }

class Run {
public:
    Run(const ImporterParts& parts, const tenant::Operation& operation, const std::optional<gateway::ImportCallers>& callers,
        unsigned blobs_at_once, std::stop_token stop)
        : parts_(parts), operation_(operation), callers_(callers), blobs_at_once_(blobs_at_once), stop_(std::move(stop)),
          on_stop_(stop_, [this] { own_stop_.request_stop(); }) {}

    void run() {
        auto request = parse_import_request(operation_.request, parts_.seal);
        Result<void> done = request ? import(*request) : failure(std::move(request));
        if (done) {
            spdlog::info("imported {} into {}", request->source_name(), operation_.scope.value());
            return;
        }
        if (stop_.stop_requested() && done.error().code == ErrorCode::unavailable) return;
        spdlog::info("an import into {} failed: {}", operation_.scope.value(), done.error().message);
        const auto write = [&](Session& session) -> Result<bool> {
            auto released = release_blobs(session, operation_.id, parts_.clock.now());
            if (!released) return failure(std::move(released));
            return tenant::finish_operation(session, operation_.id, OperationStatus::failed, failure_of(done.error()),
                                            parts_.clock.now());
        };
        auto written = sync_wait(parts_.database.write(write));
        if (!written) spdlog::error("the end of an import could not be written: {}", written.error().message);
    }

private:
    Result<void> import(const ImportRequest& request) {
        if (!operation_.resource_row) return gone();
        return request.source_registry ? import_from_here(request) : import_from_elsewhere(request);
    }

    // --- From a registry of this berth: one transaction, and no byte moves.

    Result<void> import_from_here(const ImportRequest& request) {
        const auto write = [&](Session& session) -> Result<void> {
            auto world = decide(session, request);
            if (!world) return failure(std::move(world));
            const tenant::Registry* registry = (*world)->find_registry(*request.source_registry);
            if (registry == nullptr) return failure(ErrorCode::name_unknown, "The source registry was deleted meanwhile.");
            LocalRegistry source(session, registry->row, request.repository);
            auto plan = plan_image(source, request.reference, request.include_referrers,
                                   [&](std::size_t) { return !stop_.stop_requested(); });
            if (!plan) return failure(std::move(plan));
            auto repository = find_repository(session, registry->row, request.repository.value());
            if (!repository) return failure(std::move(repository));
            std::unordered_map<Digest, ImagePlatform> platforms;
            for (const PlannedManifest& manifest : plan->manifests) {
                if (!manifest.document.names_image_config()) continue;
                auto config = read_blob(session, registry->row, request.repository.value(), *manifest.document.config, true);
                if (config && !config->key) platforms.emplace(manifest.digest, parse_image_platform(config->content));
            }
            const BlobOrigin origin{.operation = operation_.id, .repository = repository->row};
            return commit(session, request, *plan, origin, platforms, plan->blobs.size());
        };
        return sync_wait(parts_.database.write(write));
    }

    // --- From another server.

    Result<void> import_from_elsewhere(const ImportRequest& request) {
        RemoteRegistry source(parts_.client, request.source_address, request.repository, request.credentials,
                              own_stop_.get_token());
        // What the tag pointed to when the import began: a later run goes on with that image.
        Reference reference = request.reference;
        if (const auto* known = operation_.progress.if_contains("digest"); known != nullptr && known->is_string()) {
            if (auto digest = Digest::parse(known->get_string())) reference = *digest;
        }
        if (!report()) return gone();
        auto plan = plan_image(source, reference, request.include_referrers, [&](std::size_t manifests) {
            manifests_ = manifests;
            return report_now_and_then() && !stop_.stop_requested();
        });
        if (!plan) return failure(std::move(plan));
        plan_ = &*plan;
        const BlobOrigin origin{.operation = operation_.id};
        for (unsigned round = 1;; ++round) {
            if (auto fetched = fetch_blobs(source, request, *plan, origin); !fetched) return fetched;
            const auto platforms = read_platforms(*plan);
            const auto write = [&](Session& session) -> Result<void> {
                auto world = decide(session, request);
                if (!world) return failure(std::move(world));
                return commit(session, request, *plan, origin, platforms, present_);
            };
            auto done = sync_wait(parts_.database.write(write));
            if (done || done.error().code != ErrorCode::unavailable || round == most_rounds || stop_.stop_requested()) {
                return done;
            }
        }
    }

    Result<std::vector<const PlannedBlob*>> wanted_blobs(const ImportRequest& request, const ImagePlan& plan,
                                                         const BlobOrigin& origin) {
        const auto read = [&](Session& session) -> Result<std::vector<const PlannedBlob*>> {
            std::vector<const PlannedBlob*> out;
            for (const PlannedBlob& blob : plan.blobs) {
                auto wanted = is_wanted(session, *operation_.resource_row, request, origin, blob.digest);
                if (!wanted) return failure(std::move(wanted));
                if (*wanted) out.push_back(&blob);
            }
            return out;
        };
        return sync_wait(parts_.database.read(ReadKind::scan, read));
    }

    Result<void> fetch_blobs(RemoteRegistry& source, const ImportRequest& request, const ImagePlan& plan,
                             const BlobOrigin& origin) {
        auto wanted = wanted_blobs(request, plan, origin);
        if (!wanted) return failure(std::move(wanted));
        present_ = plan.blobs.size() - wanted->size();
        done_ = 0;
        copied_bytes_ = 0;
        wanted_bytes_ = 0;
        for (const PlannedBlob* blob : *wanted) wanted_bytes_ += blob->size;
        if (!report()) return gone();
        if (wanted->empty()) return {};
        // The largest first: the last one to end then is a small one.
        std::ranges::sort(*wanted, std::ranges::greater(), &PlannedBlob::size);

        const BlobCopy copy{.database = parts_.database,
                            .blobs = parts_.blobs,
                            .clock = parts_.clock,
                            .source = source,
                            .operation = operation_.id,
                            .stop = own_stop_.get_token(),
                            .copied_bytes = copied_bytes_};
        std::atomic<std::size_t> next = 0;
        std::mutex mutex;
        std::condition_variable ended;
        std::optional<Error> failed;
        std::size_t running = std::min<std::size_t>(blobs_at_once_, wanted->size());
        const auto work = [&] {
            for (std::size_t at = next++; at < wanted->size() && !own_stop_.stop_requested(); at = next++) {
                auto copied = copy_blob(copy, *(*wanted)[at]);
                if (copied) {
                    ++done_;
                    continue;
                }
                const std::scoped_lock lock(mutex);
                if (!failed) failed = std::move(copied.error());
                own_stop_.request_stop();
            }
            const std::scoped_lock lock(mutex);
            if (--running == 0) ended.notify_one();
        };
        bool is_there = true;
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = running; i > 0; --i) threads.emplace_back(work);
            std::unique_lock lock(mutex);
            while (!ended.wait_for(lock, progress_interval, [&] { return running == 0; })) {
                lock.unlock();
                if (!report()) {
                    is_there = false;
                    own_stop_.request_stop();
                }
                lock.lock();
            }
        }
        if (!is_there) return gone();
        if (failed) return std::unexpected(std::move(*failed));
        if (stop_.stop_requested()) return failure(ErrorCode::unavailable, "The import was ended.");
        return {};
    }

    // Architecture and operating system of each image whose config is there now.
    std::unordered_map<Digest, ImagePlatform> read_platforms(const ImagePlan& plan) {
        std::unordered_map<Digest, ImagePlatform> out;
        for (const PlannedManifest& manifest : plan.manifests) {
            if (!manifest.document.names_image_config()) continue;
            const Digest& config = *manifest.document.config;
            const auto read = [&](Session& session) -> Result<StoredBlob> {
                auto rows = session.query("select size, storage_key, content from blobs where digest = ?1", config);
                if (!rows) return failure(std::move(rows));
                auto found = rows->next();
                if (!found) return failure(std::move(found));
                if (!*found) return blob_unknown(config);
                StoredBlob blob{.size = static_cast<std::uint64_t>(rows->integer(0)), .key = std::nullopt, .content = {}};
                if (!rows->is_null(1)) blob.key = storage::StorageKey::parse(rows->text(1));
                if (!rows->is_null(2)) blob.content = as_text(rows->bytes(2));
                return blob;
            };
            auto blob = sync_wait(parts_.database.read(ReadKind::point, read));
            if (!blob || blob->size > most_config_bytes) continue;
            if (blob->key) {
                auto content = sync_wait(read_object(parts_.blobs, parts_.workers, *blob->key, most_config_bytes));
                if (!content) continue;
                blob->content = std::move(*content);
            }
            out.emplace(manifest.digest, parse_image_platform(blob->content));
        }
        return out;
    }

    // --- Its end.

    // The image becomes visible and the operation ends, both or neither.
    Result<void> commit(Session& session, const ImportRequest& request, const ImagePlan& plan, const BlobOrigin& origin,
                        const std::unordered_map<Digest, ImagePlatform>& platforms, std::size_t present) {
        const Timestamp now = parts_.clock.now();
        auto done = commit_image(session, {.registry = *operation_.resource_row,
                                           .request = request,
                                           .plan = plan,
                                           .origin = origin,
                                           .platforms = platforms,
                                           .actor = operation_.actor,
                                           .now = now});
        if (!done) return done;
        if (auto released = release_blobs(session, operation_.id, now); !released) return released;
        object progress{
            {"percentComplete", 100},
            {"digest", plan.root.to_string()},
            {"manifests", plan.manifests.size()},
            {"blobs", object{{"total", plan.blobs.size()}, {"copied", plan.blobs.size() - present}, {"present", present}}},
            {"bytes", object{{"total", wanted_bytes_}, {"copied", wanted_bytes_}}}};
        auto ended = tenant::finish_operation(session, operation_.id, OperationStatus::succeeded, std::nullopt, now, progress);
        if (!ended) return failure(std::move(ended));
        if (!*ended) return gone();
        return {};
    }

    // Whether it may be done, by what is true in this transaction: no image comes by a right whose end was acknowledged.
    Result<std::shared_ptr<const tenant::World>> decide(Session& session, const ImportRequest& request) {
        auto world = parts_.tenancy.world_in(session, parts_.tenancy.world());
        if (!world) return world;
        const Timestamp now = parts_.clock.now();
        const tenant::Registry* target = (*world)->find_registry_by_row(*operation_.resource_row);
        if (target == nullptr) return gone();
        auto actor = actor_in(**world, request);
        if (!actor) return failure(std::move(actor));
        if (auto held = parts_.credentials.check_secret_in(session, **world, *actor); !held) {
            if (held.error().code != ErrorCode::invalid_credentials) return failure(std::move(held));
            return failure(ErrorCode::forbidden, "The secret that the import was asked for with has been removed or replaced "
                                                 "or has expired meanwhile. Ask for it again with one that holds.");
        }
        auto allowed = gateway::decide(**world, now, *actor, import_permission(), gateway::Target::at(target->scope));
        if (!allowed) return failure(std::move(allowed));
        // A lock that was set meanwhile forbids the end of what it would not have let begin.
        if (auto unlocked = gateway::check_locks(**world, gateway::LockedAction::change, target->scope); !unlocked) {
            return failure(std::move(unlocked));
        }
        if (!request.source_registry) return world;

        const tenant::Registry* source = (*world)->find_registry(*request.source_registry);
        if (source == nullptr) return failure(ErrorCode::name_unknown, "The source registry was deleted meanwhile.");
        if (auto exports = check_export(*source); !exports) return failure(std::move(exports));
        const bool by_credentials = request.source_decided;
        if (by_credentials && !(callers_ && callers_->source)) {
            // Whose they were is not kept, so whether they may still pull cannot be known.
            return source_unauthorized(fmt::format("berth was restarted before the import was done, and does not keep "
                                                   "credentials for its own registry '{}'. Ask for the import again.",
                                                   source->name));
        }
        const identity::Caller& reader = by_credentials ? *callers_->source : *actor;
        if (by_credentials) {
            auto held = parts_.credentials.check_secret_in(session, **world, reader);
            if (!held && held.error().code != ErrorCode::invalid_credentials) return failure(std::move(held));
            const auto* principal = reader.principal ? (*world)->find_principal(*reader.principal) : nullptr;
            if (!held || (reader.principal && (principal == nullptr || !principal->enabled))) {
                return source_unauthorized(fmt::format("Unauthorized: the credentials for the source {} have been removed, "
                                                       "replaced or disabled or have expired meanwhile. Ask for the import "
                                                       "again with ones that hold.",
                                                       source->login_server));
            }
        } else {
            auto readable = gateway::decide(**world, now, reader, read_permission(), gateway::Target::at(source->scope));
            if (!readable) return failure(std::move(readable));
        }
        auto pulls = gateway::decide(**world, now, reader, gateway::permissions::pull,
                                     gateway::Target::in_registry(*source, request.repository.value()));
        if (!pulls) return failure(std::move(pulls));
        return world;
    }

    Result<identity::Caller> actor_in(const tenant::World& world, const ImportRequest& request) const {
        if (callers_ && !callers_->actor.principal) return callers_->actor;
        const auto id = callers_ ? callers_->actor.principal : Guid::parse(operation_.actor);
        const tenant::Principal* principal = id ? world.find_principal(*id) : nullptr;
        if (principal == nullptr || !principal->enabled) {
            return failure(ErrorCode::forbidden, "Whoever asked for the import was deleted or disabled meanwhile.");
        }
        if (callers_) return callers_->actor;
        identity::Caller actor = gateway::caller_for(*principal);
        actor.secret = request.actor_secret;
        return actor;
    }

    // --- How far it is.

    // False: the operation is gone.
    bool report() {
        reported_at_ = std::chrono::steady_clock::now();
        object progress;
        const std::uint64_t copied = copied_bytes_;
        if (plan_ != nullptr) {
            progress["percentComplete"] = wanted_bytes_ == 0 ? 99 : std::min<std::uint64_t>(99, copied * 100 / wanted_bytes_);
            progress["digest"] = plan_->root.to_string();
            progress["manifests"] = plan_->manifests.size();
            progress["blobs"] = object{{"total", plan_->blobs.size()}, {"copied", done_.load()}, {"present", present_}};
            progress["bytes"] = object{{"total", wanted_bytes_}, {"copied", copied}};
        } else {
            progress["percentComplete"] = 0;
            if (const auto* known = operation_.progress.if_contains("digest")) progress["digest"] = *known;
            progress["manifests"] = manifests_;
        }
        const auto write = [&](Session& session) {
            return tenant::set_operation_progress(session, operation_.id, progress, parts_.clock.now());
        };
        auto there = sync_wait(parts_.database.write(write));
        if (!there) {
            spdlog::warn("the progress of an import could not be written: {}", there.error().message);
            return true;
        }
        return *there;
    }
    bool report_now_and_then() { return std::chrono::steady_clock::now() - reported_at_ < progress_interval || report(); }

    const ImporterParts& parts_;
    const tenant::Operation& operation_;
    const std::optional<gateway::ImportCallers>& callers_;
    const unsigned blobs_at_once_;
    std::stop_token stop_;
    std::stop_source own_stop_;
    std::stop_callback<std::function<void()>> on_stop_;

    const ImagePlan* plan_ = nullptr;
    std::size_t manifests_ = 0;
    std::size_t present_ = 0;
    std::atomic<std::size_t> done_ = 0;
    std::atomic<std::uint64_t> copied_bytes_ = 0;
    std::uint64_t wanted_bytes_ = 0;
    std::chrono::steady_clock::time_point reported_at_{};
};

} // namespace

Result<void> check_export(const tenant::Registry& source) {
    if (source.export_allowed) return {};
    Error error{
        ErrorCode::conflict,
        fmt::format("The registry '{}' exports nothing: its export policy is disabled, or its network is restricted and "
                    "its 'networkRuleBypassOptions' is 'None'.",
                    source.name)};
    error.protocol_code = "ExportPolicyDisabled";
    return std::unexpected(std::move(error));
}

void run_import(const ImporterParts& parts, const tenant::Operation& operation,
                const std::optional<gateway::ImportCallers>& callers, unsigned blobs_at_once, const std::stop_token& stop) {
    Run(parts, operation, callers, blobs_at_once, stop).run();
}

} // namespace berth::data_plane
