#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::data_plane {

/// What shape a manifest has; each media type has one.
enum class ManifestShape : std::uint8_t {
    image,    ///< `config` and `layers`
    index,    ///< `manifests`
    artifact, ///< `blobs`: the artifact manifests of before OCI 1.1
};

/// The shape of a manifest media type, or nullopt for a type that berth does not store as a manifest.
std::optional<ManifestShape> manifest_shape(std::string_view media_type) noexcept;

/// One thing that a manifest lists.
struct ManifestReference {
    Digest digest;
    std::uint64_t size = 0;
    bool is_manifest = false;
    bool may_be_missing = false;  ///< children of an index, and layers that live at other addresses
    bool lives_elsewhere = false; ///< the latter alone
};

/// What a manifest says about itself, checked.
struct ManifestDocument {
    ManifestShape shape = ManifestShape::image;
    std::string media_type;
    /// What lists of referrers show: `artifactType`, or an image's config media type where it has none.
    std::optional<std::string> artifact_type;
    std::optional<std::string> config_media_type;
    std::optional<Digest> config;
    std::optional<Digest> subject;
    std::optional<std::string> annotations;    ///< a JSON object of strings; nullopt when there are none
    std::vector<ManifestReference> references; ///< each digest once, in the manifest's order

    /// Whether `config` is that of an image, OCI's or Docker's.
    bool names_image_config() const noexcept;
};

/// Limits of a manifest: bytes (OCI distribution specification, "Pushing Manifests": at least 4 megabytes), nesting, and
/// things it lists.
constexpr std::uint64_t most_manifest_bytes = 4 * 1024 * 1024;
constexpr std::size_t most_manifest_depth = 64;
constexpr std::size_t most_manifest_references = 5'000;

/// Reads a manifest of the media type `content_type` names (parameters are ignored; nullopt: the body's `mediaType` says).
/// Fails with `manifest_invalid` for a type that is not known or not the body's, for repeated keys and keys that differ
/// from the known ones in letter case only, and for everything that the OCI image specification or Docker's schema 2 does
/// not allow in the members that berth reads. Other members are left alone.
Result<ManifestDocument> parse_manifest(std::optional<std::string_view> content_type, std::string_view body);

/// Architecture and operating system of an image's config (OCI image specification, "Image Configuration"); empty where it
/// says none or is no such config.
struct ImagePlatform {
    std::optional<std::string> architecture;
    std::optional<std::string> operating_system;
};
ImagePlatform parse_image_platform(std::string_view config);

} // namespace berth::data_plane
