#include "data_plane/import/image_plan.hpp"

#include "base/encoding.hpp"
#include "data_plane/upload_body.hpp"

#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>

namespace berth::data_plane {
namespace {

std::string describe(const Reference& reference) {
    if (const auto* tag = std::get_if<Tag>(&reference)) return fmt::format("tag '{}'", tag->value());
    return std::get<Digest>(reference).to_string();
}

class Planner {
public:
    Planner(ImageSource& source, bool include_referrers, const std::function<bool(std::size_t)>& read, const PlanLimits& limits)
        : source_(source), include_referrers_(include_referrers), read_(read), limits_(limits) {}

    Result<ImagePlan> plan(const Reference& reference) {
        auto root = add(reference, std::nullopt, 0);
        if (!root) return failure(std::move(root));
        // What refers to something is looked for once that is known; it may itself be referred to.
        for (std::size_t next = 0; include_referrers_ && next < manifests_.size(); ++next) {
            const Digest subject = manifests_[next].digest;
            auto referrers = source_.referrers(subject);
            if (!referrers) return failure(std::move(referrers));
            for (const Digest& referrer : *referrers) {
                if (auto added = add(referrer, std::nullopt, 0); !added) return failure(std::move(added));
            }
        }
        ImagePlan out{.root = *root, .manifests = std::move(manifests_), .blobs = std::move(blobs_), .bytes = 0};
        for (const PlannedBlob& blob : out.blobs) out.bytes += blob.size;
        return out;
    }

private:
    // Reads one manifest, first of all what it lists.
    Result<Digest> add(const Reference& reference, std::optional<std::uint64_t> size, std::size_t depth) {
        const auto* expected = std::get_if<Digest>(&reference);
        if (expected != nullptr && known_.contains(*expected)) return *expected;
        if (depth > limits_.depth) return failure(ErrorCode::limit_exceeded, "The image's indexes are nested too deep.");
        if (known_.size() == limits_.manifests) {
            return failure(ErrorCode::limit_exceeded,
                           fmt::format("The image consists of more than {} manifests.", limits_.manifests));
        }
        auto got = source_.manifest(reference);
        if (!got) return failure(std::move(got));
        auto checked = check(*got, reference, size);
        if (!checked) return failure(std::move(checked));
        const Digest digest = checked->digest;
        if (!known_.insert(digest).second) return digest; // a tag that led to what is known
        if (!read_(known_.size())) return failure(ErrorCode::unavailable, "The import was ended.");

        for (const ManifestReference& one : checked->document.references) {
            auto added = one.is_manifest ? add_child(one, depth) : add_blob(one);
            if (!added) return failure(std::move(added));
        }
        manifests_.push_back(std::move(*checked));
        return digest;
    }

    Result<PlannedManifest> check(const SourceManifest& got, const Reference& reference, std::optional<std::uint64_t> size) {
        bytes_ += got.content.size();
        if (bytes_ > limits_.manifest_bytes) {
            return failure(ErrorCode::limit_exceeded,
                           fmt::format("The image's manifests have more than {} bytes.", limits_.manifest_bytes));
        }
        const auto* expected = std::get_if<Digest>(&reference);
        const Digest* claimed = expected != nullptr ? expected : got.digest ? &*got.digest : nullptr;
        const Digest digest =
            Digest::of(as_bytes(got.content), claimed != nullptr ? claimed->algorithm() : DigestAlgorithm::sha256);
        if (claimed != nullptr && digest != *claimed) {
            return failure(ErrorCode::digest_invalid,
                           fmt::format("The manifest that the source gave for {} has the digest {}, not {}.",
                                       describe(reference), digest.to_string(), claimed->to_string()));
        }
        if (size && *size != got.content.size()) {
            return failure(ErrorCode::size_invalid,
                           fmt::format("The manifest {} has {} bytes at the source; its index says {}.", digest.to_string(),
                                       got.content.size(), *size));
        }
        auto document = parse_manifest(got.media_type, got.content);
        if (!document) {
            Error error = std::move(document.error());
            error.message = fmt::format("The manifest {} of the source: {}", digest.to_string(), error.message);
            return std::unexpected(std::move(error));
        }
        return PlannedManifest{.digest = digest, .document = std::move(*document), .content = got.content};
    }

    Result<void> add_child(const ManifestReference& child, std::size_t depth) {
        auto added = add(child.digest, child.size, depth + 1);
        if (!added) return failure(std::move(added));
        return {};
    }

    Result<void> add_blob(const ManifestReference& blob) {
        if (blob.size > most_blob_bytes) {
            return failure(ErrorCode::limit_exceeded,
                           fmt::format("The image lists a blob of {} bytes, {}; a blob can have 200 GiB at most.", blob.size,
                                       blob.digest.to_string()));
        }
        const auto [at, is_new] = blob_at_.try_emplace(blob.digest, blobs_.size());
        if (!is_new) {
            PlannedBlob& known = blobs_[at->second];
            if (known.size != blob.size) {
                return failure(ErrorCode::size_invalid,
                               fmt::format("The image names two sizes for the blob {}: {} and {} bytes.",
                                           blob.digest.to_string(), known.size, blob.size));
            }
            known.lives_elsewhere = known.lives_elsewhere && blob.lives_elsewhere;
            return {};
        }
        if (blobs_.size() == limits_.blobs) {
            return failure(ErrorCode::limit_exceeded, fmt::format("The image lists more than {} blobs.", limits_.blobs));
        }
        blobs_.push_back({.digest = blob.digest, .size = blob.size, .lives_elsewhere = blob.lives_elsewhere});
        return {};
    }

    ImageSource& source_;
    const bool include_referrers_;
    const std::function<bool(std::size_t)>& read_;
    const PlanLimits& limits_;
    std::unordered_set<Digest> known_;
    std::vector<PlannedManifest> manifests_;
    std::vector<PlannedBlob> blobs_;
    std::unordered_map<Digest, std::size_t> blob_at_;
    std::size_t bytes_ = 0;
};

} // namespace

Result<ImagePlan> plan_image(ImageSource& source, const Reference& reference, bool include_referrers,
                             const std::function<bool(std::size_t)>& read, const PlanLimits& limits) {
    return Planner(source, include_referrers, read, limits).plan(reference);
}

} // namespace berth::data_plane
