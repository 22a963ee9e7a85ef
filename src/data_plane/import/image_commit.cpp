#include "data_plane/import/image_commit.hpp"

#include "data_plane/blob_rows.hpp"
#include "data_plane/import/import_blob_rows.hpp"
#include "data_plane/manifest_store.hpp"
#include "data_plane/repository_store.hpp"
#include "data_plane/tag_store.hpp"
#include "storage/events.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::data_plane {
namespace {

using boost::json::object;
using storage::Session;

// The repositories of the targets, each once, with the tags that are set there.
struct TargetRepository {
    const RepositoryName* name = nullptr;
    std::vector<Tag> tags;
};

std::vector<TargetRepository> repositories_of(const ImportRequest& request) {
    std::vector<TargetRepository> out;
    for (const ImportTarget& target : request.targets) {
        auto found = std::ranges::find_if(out, [&](const TargetRepository& one) { return *one.name == target.repository; });
        if (found == out.end()) found = out.insert(out.end(), {&target.repository, {}});
        if (target.tag && std::ranges::find(found->tags, *target.tag) == found->tags.end()) found->tags.push_back(*target.tag);
    }
    return out;
}

// The repository's row, or nullopt if there is none yet.
Result<std::optional<std::int64_t>> row_of(Session& session, std::int64_t registry, const RepositoryName& name) {
    auto found = find_repository(session, registry, name.value());
    if (found) return found->row;
    if (found.error().code == ErrorCode::name_unknown) return std::nullopt;
    return failure(std::move(found));
}

class Commit {
public:
    Commit(Session& session, const ImageCommit& image) noexcept : session_(session), image_(image) {}

    Result<void> run() {
        if (auto free = check_tags(session_, image_.registry, image_.request); !free) return free;
        for (const TargetRepository& target : repositories_of(image_.request)) {
            if (auto done = fill(target); !done) return done;
        }
        return {};
    }

private:
    Result<void> note(std::string kind, object detail) {
        detail["importedFrom"] = image_.request.source_name();
        return storage::append_event(
            session_, image_.now,
            {.kind = std::move(kind), .registry = image_.registry, .actor = image_.actor, .detail = std::move(detail)});
    }

    Result<void> fill(const TargetRepository& target) {
        const std::string& name = target.name->value();
        auto repository = push_to_repository(session_, image_.registry, name, image_.now);
        if (!repository) return failure(std::move(repository));
        if (repository->created) {
            if (auto noted = note("repository.create", {{"repository", name}}); !noted) return noted;
        }
        for (const PlannedBlob& blob : image_.plan.blobs) {
            if (auto linked = link(name, repository->repository.row, blob); !linked) return linked;
        }
        for (const PlannedManifest& manifest : image_.plan.manifests) {
            if (auto pushed = push(target, manifest); !pushed) return pushed;
        }
        return {};
    }

    Result<bool> may_link(std::int64_t repository, const PlannedBlob& blob) {
        auto linked = is_linked(session_, repository, blob.digest);
        if (!linked || *linked) return linked;
        if (image_.origin.repository) return is_linked(session_, *image_.origin.repository, blob.digest);
        return is_held(session_, image_.origin.operation, blob.digest);
    }

    Result<void> link(const std::string& name, std::int64_t repository, const PlannedBlob& blob) {
        auto known = is_linked(session_, repository, blob.digest);
        if (!known) return failure(std::move(known));
        auto allowed = may_link(repository, blob);
        if (!allowed) return failure(std::move(allowed));
        if (!*allowed) {
            if (blob.lives_elsewhere) return {};
            return failure(image_.origin.repository ? ErrorCode::blob_unknown : ErrorCode::unavailable,
                           fmt::format("The blob {} is not there.", blob.digest.to_string()));
        }
        if (auto linked = link_blob(session_, repository, blob.digest, image_.now); !linked) return linked;
        if (*known) return {};
        return note("blob.push", {{"repository", name}, {"digest", blob.digest.to_string()}, {"size", blob.size}});
    }

    Result<void> push(const TargetRepository& target, const PlannedManifest& manifest) {
        const bool is_root = manifest.digest == image_.plan.root;
        static const std::vector<Tag> none;
        static const Precondition no_precondition;
        static const ImagePlatform no_platform;
        const std::vector<Tag>& tags = is_root ? target.tags : none;
        const auto platform = image_.platforms.find(manifest.digest);
        const Reference reference = manifest.digest;
        auto pushed =
            push_manifest(session_, {.registry = image_.registry,
                                     .repository = target.name->value(),
                                     .digest = manifest.digest,
                                     .document = manifest.document,
                                     .content = manifest.content,
                                     .platform = platform != image_.platforms.end() ? &platform->second : &no_platform,
                                     .reference = reference,
                                     .precondition = no_precondition,
                                     .tags = tags,
                                     .now = image_.now});
        if (!pushed) return failure(std::move(pushed));
        boost::json::array names;
        for (const Tag& tag : tags) names.emplace_back(tag.value());
        return note("manifest.push", {{"repository", target.name->value()},
                                      {"digest", manifest.digest.to_string()},
                                      {"mediaType", manifest.document.media_type},
                                      {"size", manifest.content.size()},
                                      {"tags", std::move(names)}});
    }

    Session& session_;
    const ImageCommit& image_;
};

} // namespace

Result<void> check_tags(Session& session, std::int64_t registry, const ImportRequest& request) {
    if (request.force) return {};
    for (const ImportTarget& target : request.targets) {
        if (!target.tag) continue;
        auto repository = row_of(session, registry, target.repository);
        if (!repository) return failure(std::move(repository));
        if (!*repository) continue;
        auto tag = find_tag(session, **repository, *target.tag);
        if (!tag) return failure(std::move(tag));
        if (*tag) {
            return failure(ErrorCode::conflict,
                           fmt::format("Tag {}:{} already exists in target registry. Import with the mode 'Force' to move it.",
                                       target.repository.value(), target.tag->value()));
        }
    }
    return {};
}

Result<bool> is_wanted(Session& session, std::int64_t registry, const ImportRequest& request, const BlobOrigin& origin,
                       const Digest& blob) {
    auto held = is_held(session, origin.operation, blob);
    if (!held) return held;
    if (*held) return false;
    for (const TargetRepository& target : repositories_of(request)) {
        auto repository = row_of(session, registry, *target.name);
        if (!repository) return failure(std::move(repository));
        if (!*repository) return true;
        auto linked = is_linked(session, **repository, blob);
        if (!linked) return linked;
        if (!*linked) return true;
    }
    return false;
}

Result<void> commit_image(Session& session, const ImageCommit& commit) { return Commit(session, commit).run(); }

} // namespace berth::data_plane
