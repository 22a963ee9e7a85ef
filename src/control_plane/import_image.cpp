#include "control_plane/import_image.hpp"

#include "base/encoding.hpp"
#include "base/names.hpp"
#include "base/strict_json.hpp"

#include <fmt/format.h>

namespace berth::control_plane {
namespace {

using boost::json::value;
using gateway::Context;
using gateway::Permission;
using gateway::Services;
using http::Response;
using tenant::Resource;

const Permission& read_registry() {
    static const Permission permission = gateway::arm_permission("Microsoft.ContainerRegistry/registries/read");
    return permission;
}

std::unexpected<Error> invalid(std::string message) { return failure(ErrorCode::invalid_parameter, std::move(message)); }

// What is to be imported, as far as a decision needs it.
struct Source {
    std::optional<rbac::Scope> resource; // named by resource id
    std::string host;                    // or by host
    bool has_credentials = false;
    std::string repository;
};

// `repo:tag` or `repo@sha256:…`, without a host.
Result<std::string> repository_of(std::string_view image) {
    const std::size_t at = image.find('@');
    std::string_view name = image.substr(0, at);
    std::string_view reference = at == std::string_view::npos ? std::string_view() : image.substr(at + 1);
    if (at == std::string_view::npos) {
        const std::size_t colon = name.rfind(':');
        if (colon == std::string_view::npos)
            return invalid("'source.sourceImage' must be 'repository:tag' or 'repository@digest'.");
        reference = name.substr(colon + 1);
        name = name.substr(0, colon);
    }
    auto repository = RepositoryName::parse(name);
    if (!repository) return failure(std::move(repository));
    auto parsed = parse_reference(reference);
    if (!parsed) return failure(std::move(parsed));
    return repository->value();
}

Result<Source> parse_source(const value& body) {
    const value* source = find_member(body, "source");
    if (source == nullptr || !source->is_object()) return invalid("'source' must be an object that says what to import.");
    const auto image = find_string(*source, "sourceImage");
    if (!image) return invalid("'source.sourceImage' must be 'repository:tag' or 'repository@digest'.");
    Source out;
    auto repository = repository_of(*image);
    if (!repository) return failure(std::move(repository));
    out.repository = std::move(*repository);
    out.has_credentials = find_member(*source, "credentials") != nullptr;
    const auto resource_id = find_string(*source, "resourceId");
    const auto host = find_string(*source, "registryUri");
    if (resource_id) {
        auto scope = rbac::Scope::parse(*resource_id);
        if (!scope) return failure(std::move(scope));
        out.resource = std::move(*scope);
    } else if (host) {
        out.host = to_lower(*host);
    } else {
        return invalid("'source' must name its registry by 'resourceId' or 'registryUri'.");
    }
    const auto mode = find_string(body, "mode");
    if (mode && !equals_ignoring_case(*mode, "NoForce") && !equals_ignoring_case(*mode, "Force")) {
        return invalid("'mode' must be 'NoForce' or 'Force'.");
    }
    for (const std::string_view list : {"targetTags", "untaggedTargetRepositories"}) {
        if (find_member(body, list) != nullptr && !find_strings(body, list)) {
            return invalid(fmt::format("'{}' must be an array of strings.", list));
        }
    }
    return out;
}

const tenant::Registry* find_source(const tenant::World& world, const Source& source) {
    if (source.resource) return world.find_registry(*source.resource);
    for (const tenant::Registry& registry : world.registries()) {
        if (registry.login_server == source.host) return &registry;
    }
    return nullptr;
}

// Azure reports the missing right on the source as `read` there, whatever was missing, and an unknown id the same way.
std::unexpected<Error> linked_refusal(const Context& context, const Resource& target, const std::string& source,
                                      const std::string& why) {
    return failure(ErrorCode::linked_forbidden,
                   fmt::format("The client '{}' with object id '{}' has permission to perform action "
                               "'Microsoft.ContainerRegistry/registries/importImage/action' on scope '{}'; however, it does "
                               "not have permission to perform action 'read' on the linked scope(s) '{}' or the linked "
                               "scope(s) are invalid.{}",
                               context.caller().name, context.actor(), target.scope.value(), source, why));
}

Task<Result<Response>> run(const Services&, Context& context, const Resource& target) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto source = parse_source(*json);
    if (!source) co_return failure(std::move(source));
    const auto* registry = find_source(context.world(), *source);
    if (source->resource && registry == nullptr) {
        co_return linked_refusal(context, target, source->resource->value(), "");
    }
    // Credentials for the source decide there; without them the caller's own rights do.
    if (registry != nullptr && !source->has_credentials) {
        auto readable = context.require_at(read_registry(), registry->scope);
        if (readable) readable = context.require_in(gateway::permissions::pull, *registry, source->repository);
        if (!readable) {
            co_return linked_refusal(context, target, registry->scope.value(), " " + readable.error().message);
        }
    }
    co_return failure(ErrorCode::not_implemented,
                      "You may import here, but this version of berth does not copy images yet. Copy the image with a "
                      "client instead, for example: skopeo copy docker://SOURCE docker://TARGET");
}

} // namespace

Action import_image() {
    return {.name = "importImage",
            .operation = "Microsoft.ContainerRegistry/registries/importImage/action",
            .further = {&read_registry(), &gateway::permissions::pull},
            .run = run,
            .summary = "Imports an image from another registry"};
}

} // namespace berth::control_plane
