#include "control_plane/import_body.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "control_plane/known_members.hpp"
#include "outbound/target_url.hpp"

#include <fmt/format.h>

#include <array>

namespace berth::control_plane {
namespace {

using boost::json::value;
using data_plane::ImportTarget;

constexpr std::size_t most_targets = 100;
constexpr std::size_t longest_secret = 16 * 1024;
constexpr std::string_view image_forms = "'source.sourceImage' must be 'repository:tag' or 'repository@digest'.";

std::unexpected<Error> invalid(std::string message) { return failure(ErrorCode::invalid_parameter, std::move(message)); }

// A name's own failure, in ARM's general code.
template <class T>
std::unexpected<Error> invalid(Result<T>&& result) {
    return invalid(std::move(result.error().message));
}

struct Image {
    RepositoryName repository;
    Reference reference;
};

// `repo`, `repo:tag` or `repo@sha256:…`, without a host.
Result<Image> parse_image(std::string_view text) {
    const std::size_t at = text.find('@');
    const std::size_t colon = at == std::string_view::npos ? text.rfind(':') : at;
    auto repository = RepositoryName::parse(text.substr(0, colon));
    if (!repository) return invalid(fmt::format("{} {}", repository.error().message, image_forms));
    auto reference = parse_reference(colon == std::string_view::npos ? "latest" : text.substr(colon + 1));
    if (!reference) return invalid(std::move(reference));
    if (at != std::string_view::npos && !std::holds_alternative<Digest>(*reference)) return invalid(std::string(image_forms));
    return Image{std::move(*repository), std::move(*reference)};
}

// `repo:tag`, or `repo` for the tag of the source (for one by digest: `latest`).
Result<ImportTarget> parse_target(std::string_view text, const Reference& source) {
    const std::size_t colon = text.find(':');
    auto repository = RepositoryName::parse(text.substr(0, colon));
    if (!repository) return invalid(std::move(repository));
    if (colon == std::string_view::npos) {
        if (const auto* same = std::get_if<Tag>(&source)) return ImportTarget{std::move(*repository), *same};
    }
    auto tag = Tag::parse(colon == std::string_view::npos ? "latest" : text.substr(colon + 1));
    if (!tag) return invalid(std::move(tag));
    return ImportTarget{std::move(*repository), std::move(*tag)};
}

Result<void> read_targets(const value& body, ImportBody& out) {
    for (const std::string_view list : {"targetTags", "untaggedTargetRepositories"}) {
        if (find_member(body, list) == nullptr) continue;
        const auto texts = find_strings(body, list);
        if (!texts) return invalid(fmt::format("'{}' must be an array of strings.", list));
        if (texts->size() + out.targets.size() > most_targets) {
            return invalid(fmt::format("At most {} targets can be given.", most_targets));
        }
        for (const std::string& text : *texts) {
            if (list == "targetTags") {
                auto target = parse_target(text, out.reference);
                if (!target) return failure(std::move(target));
                out.targets.push_back(std::move(*target));
                continue;
            }
            auto repository = RepositoryName::parse(text);
            if (!repository) return invalid(std::move(repository));
            out.targets.push_back({std::move(*repository), std::nullopt});
        }
    }
    if (!out.targets.empty()) return {};
    const auto* tag = std::get_if<Tag>(&out.reference);
    out.targets.push_back({out.repository, tag != nullptr ? std::optional(*tag) : std::nullopt});
    return {};
}

Result<void> read_host(std::string_view uri, ImportBody& out) {
    const auto wrong = [&] {
        return invalid(
            fmt::format("'source.registryUri' must be the host of a registry, such as 'registry.example.com:5000', not "
                        "'{}'.",
                        uri.substr(0, 200)));
    };
    std::string text = to_lower(uri);
    for (const std::string_view scheme : {"https", "http"}) {
        if (!text.starts_with(fmt::format("{}://", scheme))) continue;
        out.scheme = scheme;
        text.erase(0, scheme.size() + 3);
        break;
    }
    if (text.ends_with('/')) text.pop_back();
    const auto url = outbound::TargetUrl::parse(fmt::format("https://{}", text));
    if (!url || url->target != "/" || text.find_first_of("/?#@") != std::string::npos) return wrong();
    out.host = std::move(text);
    // Docker Hub's registry has another name than people give it, and its own images live below `library`.
    if (out.host == "docker.io" || out.host == "index.docker.io" || out.host == "registry.hub.docker.com") {
        out.host = "registry-1.docker.io";
        if (!out.repository.value().contains('/')) {
            auto full = RepositoryName::parse("library/" + out.repository.value());
            if (!full) return invalid(std::move(full));
            out.repository = std::move(*full);
        }
    }
    return {};
}

Result<void> read_credentials(const value& source, ImportBody& out) {
    constexpr std::array<std::string_view, 2> known{"username", "password"};
    const value* credentials = find_member(source, "credentials");
    if (credentials == nullptr) return {};
    if (!credentials->is_object())
        return invalid("'source.credentials' must be an object with 'password' and perhaps 'username'.");
    if (auto all = check_known_members(*credentials, known, "'source.credentials'"); !all) return all;
    const auto user = find_string(*credentials, "username");
    const auto password = find_string(*credentials, "password");
    if (find_member(*credentials, "username") != nullptr && !user) return invalid("'username' must be a string.");
    if (!password || password->empty() || password->size() > longest_secret || user.value_or("").size() > longest_secret) {
        return invalid("'source.credentials' needs a 'password'; without a 'username' it is a token.");
    }
    // What goes into a header may not end one.
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::ranges::any_of(*password, is_control) || std::ranges::any_of(user.value_or(""), is_control) ||
        user.value_or("").contains(':')) {
        return invalid("'source.credentials' has characters that no user name or password can have.");
    }
    out.credentials =
        data_plane::SourceCredentials{.user = std::string(user.value_or("")), .password = Secret(std::string(*password))};
    return {};
}

} // namespace

Result<ImportBody> parse_import_body(const value& body) {
    constexpr std::array<std::string_view, 5> known{"source", "targetTags", "untaggedTargetRepositories", "mode",
                                                    "includeReferrers"};
    constexpr std::array<std::string_view, 4> known_in_source{"resourceId", "registryUri", "credentials", "sourceImage"};
    if (auto all = check_known_members(body, known, "importImage's body"); !all) return failure(std::move(all));
    const value* source = find_member(body, "source");
    if (source == nullptr || !source->is_object()) return invalid("'source' must be an object that says what to import.");
    if (auto all = check_known_members(*source, known_in_source, "'source'"); !all) return failure(std::move(all));
    const auto text = find_string(*source, "sourceImage");
    if (!text) return invalid(std::string(image_forms));
    auto image = parse_image(*text);
    if (!image) return failure(std::move(image));

    ImportBody out{.resource = std::nullopt,
                   .scheme = {},
                   .host = {},
                   .repository = std::move(image->repository),
                   .reference = std::move(image->reference),
                   .credentials = std::nullopt,
                   .targets = {}};
    if (auto read = read_targets(body, out); !read) return failure(std::move(read));
    const auto resource_id = find_string(*source, "resourceId");
    const auto uri = find_string(*source, "registryUri");
    if (resource_id && !resource_id->empty()) {
        auto scope = rbac::Scope::parse(*resource_id);
        if (!scope) return failure(std::move(scope));
        out.resource = std::move(*scope);
    } else if (uri) {
        if (auto read = read_host(*uri, out); !read) return failure(std::move(read));
    } else {
        return invalid("'source' must name its registry by 'resourceId' or 'registryUri'.");
    }
    if (auto read = read_credentials(*source, out); !read) return failure(std::move(read));

    if (const value* mode = find_member(body, "mode")) {
        const auto name = find_string(body, "mode").value_or("");
        out.force = equals_ignoring_case(name, "Force");
        if (!mode->is_string() || (!out.force && !equals_ignoring_case(name, "NoForce"))) {
            return invalid("'mode' must be 'NoForce' or 'Force'.");
        }
    }
    if (const value* referrers = find_member(body, "includeReferrers")) {
        if (!referrers->is_bool()) return invalid("'includeReferrers' must be true or false.");
        out.include_referrers = referrers->get_bool();
    }
    return out;
}

} // namespace berth::control_plane
