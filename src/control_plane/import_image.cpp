#include "control_plane/import_image.hpp"

#include "control_plane/errors.hpp"
#include "control_plane/import_body.hpp"
#include "control_plane/operations.hpp"
#include "data_plane/import/image_commit.hpp"
#include "data_plane/import/import_run.hpp"
#include "data_plane/import/importer.hpp"
#include "gateway/authentication.hpp"
#include "gateway/decision.hpp"
#include "outbound/target_url.hpp"

#include <fmt/format.h>

namespace berth::control_plane {
namespace {

using data_plane::ImportRequest;
using data_plane::SourceCredentials;
using gateway::Context;
using gateway::Permission;
using gateway::Services;
using http::Response;
using identity::Caller;
using storage::Session;
using tenant::Resource;

constexpr std::string_view null_guid = "00000000-0000-0000-0000-000000000000";

const Permission& read_registry() {
    static const Permission permission = gateway::arm_permission("Microsoft.ContainerRegistry/registries/read");
    return permission;
}

const tenant::Registry* find_source(const tenant::World& world, const ImportBody& body) {
    if (body.resource) return world.find_registry(*body.resource);
    for (const tenant::Registry& registry : world.registries()) {
        if (registry.login_server == body.host || registry.login_server + ":443" == body.host) return &registry;
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

// Who the credentials for a registry of this berth are: a user with a password, or a token by itself, be it the registry's
// own or one of the directory.
Task<Result<Caller>> authenticate_at(const Services& services, const Context& context, const tenant::Registry& registry,
                                     const SourceCredentials& credentials) {
    const std::string_view user = credentials.user.empty() ? null_guid : std::string_view(credentials.user);
    auto checking = gateway::authenticate_password(services, context.world(), registry, user, credentials.password.reveal(),
                                                   context.request().remote_address);
    auto caller = co_await std::move(checking);
    if (!caller && credentials.user.empty()) {
        static constexpr std::array both{identity::Audience::registry, identity::Audience::resource_manager};
        const auto accepted = std::span<const identity::Audience>(both).first(registry.arm_tokens_accepted ? 2 : 1);
        auto named = services.directory_tokens.verify(context.world(), accepted, credentials.password.reveal());
        auto living = gateway::with_living_secret(services, context.world(), std::move(named));
        auto of_directory = co_await std::move(living);
        if (of_directory) co_return of_directory;
    }
    if (!caller) {
        co_return arm_failure(ErrorCode::bad_request, "SourceUnauthorized",
                              fmt::format("Unauthorized: the source {} does not take these credentials. {}",
                                          registry.login_server, caller.error().message));
    }
    co_return caller;
}

// Decides on a source in this berth; the caller of the credentials, if there are some.
Task<Result<std::optional<Caller>>> decide_source(const Services& services, const Context& context, const Resource& target,
                                                  const tenant::Registry& registry, const ImportBody& body) {
    if (!body.credentials) {
        auto readable = context.require_at(read_registry(), registry.scope);
        if (readable) readable = context.require_in(gateway::permissions::pull, registry, body.repository.value());
        if (!readable) co_return linked_refusal(context, target, registry.scope.value(), " " + readable.error().message);
        co_return std::nullopt;
    }
    auto checking = authenticate_at(services, context, registry, *body.credentials);
    auto caller = co_await std::move(checking);
    if (!caller) co_return failure(std::move(caller));
    auto pulls = gateway::decide(context.world(), context.now(), *caller, gateway::permissions::pull,
                                 gateway::Target::in_registry(registry, body.repository.value()));
    if (!pulls) {
        co_return arm_failure(
            ErrorCode::bad_request, "SourceUnauthorized",
            fmt::format("Unauthorized: the credentials for the source may not pull there. {}", pulls.error().message));
    }
    co_return std::optional<Caller>(std::move(*caller));
}

// Where another server is called, if berth may do that at all.
Result<std::string> address_of(const Services& services, const ImportBody& body) {
    std::string scheme = body.scheme;
    if (scheme.empty()) {
        const auto plain = outbound::TargetUrl::parse(fmt::format("http://{}", body.host));
        scheme = plain && services.outbound.allowed().allows_plain_http(plain->host, plain->port) ? "http" : "https";
    }
    const std::string address = fmt::format("{}://{}", scheme, body.host);
    const auto url = outbound::TargetUrl::parse(address);
    if (!url) return std::unexpected(url.error());
    if (auto callable = services.outbound.check(address); !callable) return failure(std::move(callable));
    return address;
}

Task<Result<Response>> run(const Services& services, Context& context, const Resource& target) {
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto body = parse_import_body(*json);
    if (!body) co_return failure(std::move(body));
    const auto* registry = find_source(context.world(), *body);
    if (body->resource && registry == nullptr) co_return linked_refusal(context, target, body->resource->value(), "");

    gateway::ImportCallers callers{.actor = context.caller()};
    ImportRequest request{.source_address = {},
                          .source_registry = std::nullopt,
                          .actor_secret = context.caller().secret,
                          .repository = body->repository,
                          .reference = body->reference,
                          .credentials = std::nullopt,
                          .targets = body->targets,
                          .force = body->force,
                          .include_referrers = body->include_referrers};
    if (registry != nullptr) {
        auto deciding = decide_source(services, context, target, *registry, *body);
        auto reader = co_await std::move(deciding);
        if (!reader) co_return failure(std::move(reader));
        if (auto exports = data_plane::check_export(*registry); !exports) co_return failure(std::move(exports));
        request.source_registry = registry->id;
        request.source_decided = reader->has_value();
        callers.source = std::move(*reader);
    } else {
        auto address = address_of(services, *body);
        if (!address) co_return failure(std::move(address));
        request.source_address = std::move(*address);
        request.credentials = std::move(body->credentials);
    }

    auto operation =
        new_operation(context, std::string(data_plane::import_kind), target, data_plane::to_json(request, services.seal));
    const auto write = [&](Session& session) -> Result<void> {
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
        if (auto free = data_plane::check_tags(session, target.row, request); !free) return free;
        return tenant::create_operation(session, operation);
    };
    auto writing = services.database.write(write);
    auto written = co_await std::move(writing);
    if (!written) co_return failure(std::move(written));
    auto response = accepted(context, operation, target.location);
    services.imports.submit(std::move(operation), std::move(callers));
    co_return response;
}

} // namespace

Action import_image() {
    return {.name = "importImage",
            .operation = "Microsoft.ContainerRegistry/registries/importImage/action",
            .further = {&read_registry(), &gateway::permissions::pull},
            .run = run,
            .summary = "Imports an image from another registry",
            .refusal_note = "Unauthorized: nothing was imported."};
}

} // namespace berth::control_plane
