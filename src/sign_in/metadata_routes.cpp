#include "sign_in/sign_in_routes.hpp"

#include "gateway/context.hpp"
#include "gateway/response.hpp"
#include "sign_in/openid_metadata.hpp"
#include "sign_in/tenant_segment.hpp"

namespace berth::sign_in {
namespace {

using gateway::Context;
using gateway::Protocol;
using gateway::Route;
using gateway::Services;
using http::Response;

using Function = Task<Result<Response>> (*)(const Services&, Context&);

Result<void> check_path(const Context& context) {
    const std::string_view segment = context.parameter("tenant");
    return segment.empty() ? Result<void>() : check_tenant(context.world(), segment);
}

template <bool v2>
Task<Result<Response>> tenant_document(const Services&, Context& context) {
    if (auto known = check_path(context); !known) co_return failure(std::move(known));
    co_return gateway::json_response(200, tenant_metadata(context.base_address(), context.world().tenant_id.value(), v2));
}

Task<Result<Response>> adfs_document(const Services&, Context& context) {
    co_return gateway::json_response(200, adfs_metadata(context.base_address()));
}

template <identity::KeyPurpose purpose>
Task<Result<Response>> key_set(const Services& services, Context& context) {
    if (auto known = check_path(context); !known) co_return failure(std::move(known));
    co_return gateway::json_response(200, services.keys.key_set(purpose));
}

// What is public anyway may be read by pages of every site: single-page applications begin here.
Task<Result<Response>> for_everybody(const Services& services, Context& context, Function handler) {
    auto response = co_await handler(services, context);
    if (response) response->headers.set("Access-Control-Allow-Origin", "*");
    co_return response;
}

} // namespace

std::vector<Route> metadata_routes(const Services& services) {
    std::vector<Route> out;
    const auto add = [&](std::string_view id, Protocol protocol, std::string_view pattern, Function handler,
                         std::string_view why, std::string_view summary) {
        Route route;
        route.id = id;
        route.method = http::Method::get;
        route.pattern = pattern;
        route.protocol = protocol;
        route.entry = {gateway::EntryKind::open, {}, why};
        route.handler = [services, handler](Context& context) { return for_everybody(services, context, handler); };
        route.summary = summary;
        out.push_back(std::move(route));
    };
    using enum identity::KeyPurpose;
    constexpr std::string_view addresses = "clients read it to learn where to sign in";
    constexpr std::string_view public_keys = "public keys, for whoever checks a token";
    add("openid.v2", Protocol::sign_in, "/{tenant}/v2.0/.well-known/openid-configuration", tenant_document<true>, addresses,
        "Describes the authority");
    add("openid.v1", Protocol::sign_in, "/{tenant}/.well-known/openid-configuration", tenant_document<false>, addresses,
        "Describes the authority in its first version");
    add("openid.adfs", Protocol::sign_in, "/adfs/.well-known/openid-configuration", adfs_document, addresses,
        "Describes the authority to clients that take berth for an ADFS");
    // az asks below the authority that it knows when it is given a tenant's name.
    add("openid.adfs.tenant.v2", Protocol::sign_in, "/adfs/{tenant}/v2.0/.well-known/openid-configuration",
        tenant_document<true>, addresses, "Describes the authority of a tenant by name");
    add("openid.adfs.tenant.v1", Protocol::sign_in, "/adfs/{tenant}/.well-known/openid-configuration", tenant_document<false>,
        addresses, "The same in its first version");
    add("keys.directory", Protocol::sign_in, "/discovery/v2.0/keys", key_set<directory>, public_keys,
        "The keys of the directory's tokens");
    add("keys.tenant", Protocol::sign_in, "/{tenant}/discovery/v2.0/keys", key_set<directory>, public_keys,
        "The keys of the directory's tokens");
    add("keys.adfs", Protocol::sign_in, "/adfs/discovery/keys", key_set<directory>, public_keys,
        "The keys of the directory's tokens");
    add("keys.registry", Protocol::berth, "/berth/v1/registry-keys", key_set<registry>, public_keys,
        "The keys of the registry's tokens");
    return out;
}

} // namespace berth::sign_in
