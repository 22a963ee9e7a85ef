#include "data_plane/manifest_document.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <array>
#include <unordered_set>

namespace berth::data_plane {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr std::size_t longest_media_type = 255;
constexpr std::size_t most_json_in_place = 8 * 1024; // the value of most manifests

struct KnownType {
    std::string_view media_type;
    ManifestShape shape;
    bool is_docker;
};
constexpr std::array known_types{
    KnownType{"application/vnd.oci.image.manifest.v1+json", ManifestShape::image, false},
    KnownType{"application/vnd.docker.distribution.manifest.v2+json", ManifestShape::image, true},
    KnownType{"application/vnd.oci.image.index.v1+json", ManifestShape::index, false},
    KnownType{"application/vnd.docker.distribution.manifest.list.v2+json", ManifestShape::index, true},
    KnownType{"application/vnd.oci.artifact.manifest.v1+json", ManifestShape::artifact, false},
    KnownType{"application/vnd.cncf.oras.artifact.manifest.v1+json", ManifestShape::artifact, false},
};

const KnownType* find_known_type(std::string_view media_type) noexcept {
    for (const KnownType& type : known_types) {
        if (type.media_type == media_type) return &type;
    }
    return nullptr;
}

constexpr std::array manifest_members{"schemaVersion", "mediaType", "artifactType", "config",      "layers",
                                      "manifests",     "blobs",     "subject",      "annotations", "fsLayers"};
constexpr std::array descriptor_members{"mediaType", "digest",      "size",         "urls",
                                        "data",      "annotations", "artifactType", "platform"};

std::unexpected<Error> invalid(std::string message) {
    return failure(ErrorCode::manifest_invalid, "The manifest is not valid: " + std::move(message));
}

// What a client that looks members up without regard to case takes for another member would make it see another
// manifest than everybody else.
template <class Members>
Result<void> check_spelling(const object& of, const Members& members, std::string_view where) {
    for (const auto& member : of) {
        for (const std::string_view known : members) {
            if (member.key() != known && equals_ignoring_case(member.key(), known)) {
                return invalid(fmt::format("{} has a member '{}', which some clients take for '{}'.", where,
                                           std::string_view(member.key()), known));
            }
        }
    }
    return {};
}

// The member unless it is missing or null.
const value* member_of(const object& of, std::string_view key) {
    const value* found = of.if_contains(key);
    return found != nullptr && !found->is_null() ? found : nullptr;
}

// RFC 6838 section 4.2: restricted names around one slash. Parameters are none of it.
bool is_media_type(std::string_view text) noexcept {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
    };
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || text.size() > longest_media_type) return false;
    const std::string_view type = text.substr(0, slash);
    const std::string_view subtype = text.substr(slash + 1);
    return !type.empty() && !subtype.empty() && std::ranges::all_of(type, allowed) && std::ranges::all_of(subtype, allowed);
}

bool lives_elsewhere(std::string_view media_type) noexcept {
    return media_type.starts_with("application/vnd.oci.image.layer.nondistributable.") ||
           media_type.starts_with("application/vnd.docker.image.rootfs.foreign.");
}

Result<std::optional<std::string>> text_member(const object& of, std::string_view key) {
    const value* found = member_of(of, key);
    if (found == nullptr) return std::nullopt;
    if (!found->is_string()) return invalid(fmt::format("'{}' is no string.", key));
    return std::string(std::string_view(found->get_string()));
}

Result<void> check_annotations(const object& of, std::string_view where) {
    const value* annotations = member_of(of, "annotations");
    if (annotations == nullptr) return {};
    if (!annotations->is_object()) return invalid(fmt::format("the annotations of {} are no object.", where));
    for (const auto& member : annotations->get_object()) {
        if (!member.value().is_string()) {
            return invalid(fmt::format("the annotation '{}' of {} is no string.", std::string_view(member.key()), where));
        }
    }
    return {};
}

struct Descriptor {
    std::string media_type;
    Digest digest;
    std::uint64_t size = 0;
    bool has_addresses = false;
};

bool is_elsewhere(const Descriptor& descriptor) noexcept {
    return descriptor.has_addresses || lives_elsewhere(descriptor.media_type);
}

// OCI image specification, "OCI Content Descriptors".
Result<Descriptor> read_descriptor(const value& json, std::string_view where) {
    if (!json.is_object()) return invalid(fmt::format("{} is no object.", where));
    const object& of = json.get_object();
    if (auto spelled = check_spelling(of, descriptor_members, where); !spelled) return failure(std::move(spelled));

    const value* media_type = member_of(of, "mediaType");
    if (media_type == nullptr || !media_type->is_string()) return invalid(fmt::format("{} has no 'mediaType'.", where));
    // Parameters are seen in the wild (`application/example; version=1`); only the type before them has a grammar.
    const std::string_view type = media_type->get_string();
    if (type.size() > longest_media_type || !is_media_type(type.substr(0, type.find_first_of("; ")))) {
        return invalid(fmt::format("the 'mediaType' of {} is no media type.", where));
    }
    const value* digest_text = member_of(of, "digest");
    if (digest_text == nullptr || !digest_text->is_string()) return invalid(fmt::format("{} has no 'digest'.", where));
    auto digest = Digest::parse(std::string_view(digest_text->get_string()));
    if (!digest) {
        return invalid(fmt::format("the 'digest' of {} is neither 'sha256:' and 64 nor 'sha512:' and 128 lower-case "
                                   "hexadecimal digits.",
                                   where));
    }
    const auto size = find_integer(json, "size");
    if (!size || *size < 0) {
        return invalid(fmt::format("{} has no 'size' that is a whole number, 0 or above.", where));
    }
    if (auto annotations = check_annotations(of, where); !annotations) return failure(std::move(annotations));

    Descriptor out{.media_type = std::string(type), .digest = *digest, .size = static_cast<std::uint64_t>(*size)};
    if (const value* addresses = member_of(of, "urls")) {
        const auto texts = find_strings(json, "urls");
        if (!addresses->is_array() || !texts) return invalid(fmt::format("the 'urls' of {} are no strings.", where));
        out.has_addresses = !texts->empty();
    }
    if (const value* data = member_of(of, "data")) {
        if (!data->is_string()) return invalid(fmt::format("the 'data' of {} is no string.", where));
        const auto content = from_base64(std::string_view(data->get_string()));
        if (!content || content->size() != out.size || Digest::of(*content, out.digest.algorithm()) != out.digest) {
            return invalid(fmt::format("the 'data' of {} is not the content that its digest and size name.", where));
        }
    }
    return out;
}

// The list of that name; null is how Go writes an empty one.
Result<const array*> list_member(const object& of, std::string_view key) {
    const value* found = of.if_contains(key);
    static const array none;
    if (found == nullptr) return invalid(fmt::format("'{}' is missing.", key));
    if (found->is_null()) return &none;
    if (!found->is_array()) return invalid(fmt::format("'{}' is no list.", key));
    if (found->get_array().size() > most_manifest_references) {
        return invalid(fmt::format("'{}' has more than {} entries.", key, most_manifest_references));
    }
    return &found->get_array();
}

Result<void> require_absent(const object& of, std::initializer_list<std::string_view> keys, const KnownType& type) {
    for (const std::string_view key : keys) {
        if (of.contains(key)) {
            return invalid(fmt::format("'{}' does not belong into a manifest of type {}.", key, type.media_type));
        }
    }
    return {};
}

class Reader {
public:
    Reader(const KnownType& type, const value& json) : type_(type), json_(json), root_(json.get_object()) {
        out_.shape = type.shape;
        out_.media_type = type.media_type;
    }

    Result<ManifestDocument> read() {
        for (const auto step : {&Reader::read_header, &Reader::read_content, &Reader::read_subject}) {
            if (auto done = (this->*step)(); !done) return failure(std::move(done));
        }
        return std::move(out_);
    }

private:
    Result<void> read_header() {
        if (auto spelled = check_spelling(root_, manifest_members, "the manifest"); !spelled) return spelled;
        if (type_.shape != ManifestShape::artifact && find_integer(json_, "schemaVersion") != 2) {
            return invalid("'schemaVersion' is not 2.");
        }
        auto media_type = text_member(root_, "mediaType");
        if (!media_type) return failure(std::move(media_type));
        if (*media_type ? **media_type != type_.media_type : type_.is_docker) {
            return invalid(fmt::format("its 'mediaType' is '{}', but the Content-Type says {}.", media_type->value_or(""),
                                       type_.media_type));
        }
        auto artifact_type = text_member(root_, "artifactType");
        if (!artifact_type) return failure(std::move(artifact_type));
        if (*artifact_type && !(*artifact_type)->empty()) {
            if ((*artifact_type)->size() > longest_media_type) return invalid("'artifactType' is too long.");
            out_.artifact_type = std::move(*artifact_type);
        }
        if (auto annotations = check_annotations(root_, "the manifest"); !annotations) return annotations;
        if (const value* annotations = member_of(root_, "annotations"); annotations && !annotations->get_object().empty()) {
            out_.annotations = boost::json::serialize(*annotations);
        }
        return {};
    }

    Result<void> read_content() {
        switch (type_.shape) {
        case ManifestShape::image: return read_image();
        case ManifestShape::index: return read_index();
        case ManifestShape::artifact: break;
        }
        return read_artifact();
    }

    Result<void> read_image() {
        if (auto absent = require_absent(root_, {"manifests", "blobs", "fsLayers"}, type_); !absent) return absent;
        const value* config = member_of(root_, "config");
        if (config == nullptr) return invalid("'config' is missing.");
        auto descriptor = read_descriptor(*config, "'config'");
        if (!descriptor) return failure(std::move(descriptor));
        out_.config = descriptor->digest;
        out_.config_media_type = descriptor->media_type;
        if (!out_.artifact_type) out_.artifact_type = descriptor->media_type;
        add(*descriptor, {.lives_elsewhere = descriptor->has_addresses});
        return read_blobs("layers");
    }

    Result<void> read_artifact() {
        if (auto absent = require_absent(root_, {"manifests", "layers", "config", "fsLayers"}, type_); !absent) return absent;
        if (!out_.artifact_type) return invalid("'artifactType' is missing.");
        // Its specification makes the list optional.
        return root_.contains("blobs") ? read_blobs("blobs") : Result<void>{};
    }

    Result<void> read_blobs(std::string_view key) {
        auto list = list_member(root_, key);
        if (!list) return failure(std::move(list));
        for (std::size_t i = 0; i < (*list)->size(); ++i) {
            auto descriptor = read_descriptor((**list)[i], fmt::format("'{}[{}]'", key, i));
            if (!descriptor) return failure(std::move(descriptor));
            add(*descriptor, {.lives_elsewhere = is_elsewhere(*descriptor)});
        }
        return {};
    }

    Result<void> read_index() {
        if (auto absent = require_absent(root_, {"layers", "config", "blobs", "fsLayers"}, type_); !absent) return absent;
        auto list = list_member(root_, "manifests");
        if (!list) return failure(std::move(list));
        for (std::size_t i = 0; i < (*list)->size(); ++i) {
            auto descriptor = read_descriptor((**list)[i], fmt::format("'manifests[{}]'", i));
            if (!descriptor) return failure(std::move(descriptor));
            // Build caches list their layers in an index: those are blobs.
            const bool is_manifest = find_known_type(descriptor->media_type) != nullptr;
            add(*descriptor, {.is_manifest = is_manifest,
                              .is_of_index = true,
                              .lives_elsewhere = !is_manifest && is_elsewhere(*descriptor)});
        }
        return {};
    }

    Result<void> read_subject() {
        const value* subject = member_of(root_, "subject");
        if (subject == nullptr) return {};
        auto descriptor = read_descriptor(*subject, "'subject'");
        if (!descriptor) return failure(std::move(descriptor));
        out_.subject = descriptor->digest;
        return {};
    }

    struct Listed {
        bool is_manifest = false;
        bool is_of_index = false;
        bool lives_elsewhere = false;
    };
    void add(const Descriptor& descriptor, Listed listed) {
        if (!seen_.insert(descriptor.digest).second) return;
        out_.references.push_back({.digest = descriptor.digest,
                                   .size = descriptor.size,
                                   .is_manifest = listed.is_manifest,
                                   .may_be_missing = listed.is_of_index || listed.lives_elsewhere,
                                   .lives_elsewhere = listed.lives_elsewhere});
    }

    const KnownType& type_;
    const value& json_;
    const object& root_;
    ManifestDocument out_;
    std::unordered_set<Digest> seen_;
};

std::string known_type_list() {
    std::string out;
    for (const KnownType& type : known_types) {
        if (!out.empty()) out += ", ";
        out += type.media_type;
    }
    return out;
}

std::string_view without_parameters(std::string_view content_type) noexcept {
    content_type = content_type.substr(0, content_type.find(';'));
    while (content_type.ends_with(' ') || content_type.ends_with('\t')) content_type.remove_suffix(1);
    return content_type;
}

} // namespace

std::optional<ManifestShape> manifest_shape(std::string_view media_type) noexcept {
    const KnownType* type = find_known_type(media_type);
    if (type == nullptr) return std::nullopt;
    return type->shape;
}

Result<ManifestDocument> parse_manifest(std::optional<std::string_view> content_type, std::string_view body) {
    if (body.size() > most_manifest_bytes) {
        return failure(ErrorCode::payload_too_large, fmt::format("The manifest is larger than {} bytes.", most_manifest_bytes));
    }
    std::array<unsigned char, most_json_in_place> place; // NOLINT: filled before it is read
    boost::json::monotonic_resource memory(place.data(), place.size());
    const auto json = parse_json(body, {.depth = most_manifest_depth}, &memory);
    if (!json) return invalid(json.error().message);
    if (!json->is_object()) return invalid("it is no JSON object.");

    std::string named;
    if (content_type) {
        named = to_lower(without_parameters(*content_type));
    } else {
        named = find_string(*json, "mediaType").value_or("");
    }
    const KnownType* type = find_known_type(named);
    if (type == nullptr) {
        // A header may hold any bytes, the answer's JSON may not.
        std::ranges::replace_if(named, [](char c) { return c < 0x20 || c > 0x7E; }, '?');
        return invalid(fmt::format("'{}' is no manifest type that this registry stores. Send one of {} as Content-Type{}",
                                   named.substr(0, longest_media_type), known_type_list(),
                                   named.starts_with("application/vnd.docker.distribution.manifest.v1")
                                       ? "; images of Docker's schema 1 have to be converted first."
                                       : "."));
    }
    return Reader(*type, *json).read();
}

bool ManifestDocument::names_image_config() const noexcept {
    return config && (config_media_type == "application/vnd.oci.image.config.v1+json" ||
                      config_media_type == "application/vnd.docker.container.image.v1+json");
}

ImagePlatform parse_image_platform(std::string_view config) {
    ImagePlatform out;
    std::array<unsigned char, most_json_in_place> place; // NOLINT: filled before it is read
    boost::json::monotonic_resource memory(place.data(), place.size());
    const auto json = parse_json(config, {.depth = most_manifest_depth}, &memory);
    if (!json) return out;
    const auto take = [&](std::string_view key) -> std::optional<std::string> {
        const auto text = find_string(*json, key);
        if (!text || text->empty() || text->size() > longest_media_type) return std::nullopt;
        return std::string(*text);
    };
    out.architecture = take("architecture");
    out.operating_system = take("os");
    return out;
}

} // namespace berth::data_plane
