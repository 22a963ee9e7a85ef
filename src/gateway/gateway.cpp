#include "gateway/gateway.hpp"

#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "gateway/authentication.hpp"
#include "gateway/context.hpp"
#include "gateway/error_response.hpp"
#include "gateway/network_access.hpp"
#include "gateway/outside_tokens.hpp"
#include "gateway/request_log.hpp"

#include <fmt/format.h>

namespace berth::gateway {
namespace {

using identity::Audience;
using identity::Caller;

bool speaks_registry(Protocol protocol) noexcept {
    return protocol == Protocol::registry || protocol == Protocol::registry_token;
}

// A client may name its own correlation id; anything but a GUID is not taken over into our headers and logs.
std::string correlation_id_of(const http::Request& request) {
    for (const std::string_view header : {"x-ms-correlation-request-id", "x-ms-client-request-id"}) {
        const auto sent = request.headers.find(header);
        if (!sent) continue;
        if (const auto guid = Guid::parse(*sent)) return guid->value();
    }
    return Guid::random().value();
}

void add_common_headers(http::Response& response, const http::Request& request, Protocol protocol,
                        const std::string& correlation_id) {
    auto& headers = response.headers;
    headers.add("X-Content-Type-Options", "nosniff");
    if (request.secure) headers.add("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    if (speaks_registry(protocol)) {
        headers.add("X-Ms-Correlation-Request-Id", correlation_id);
        headers.add("Access-Control-Expose-Headers", "Docker-Content-Digest");
        headers.add("Access-Control-Expose-Headers", "WWW-Authenticate");
        headers.add("Access-Control-Expose-Headers", "Link");
        headers.add("Access-Control-Expose-Headers", "X-Ms-Correlation-Request-Id");
        if (protocol == Protocol::registry) headers.add("Docker-Distribution-Api-Version", "registry/2.0");
        if (protocol == Protocol::registry_token) headers.add("Cache-Control", "no-store"); // RFC 6749 section 5.1
    } else {
        headers.add("x-ms-request-id", correlation_id);
        headers.add("x-ms-correlation-request-id", correlation_id);
        headers.add("request-id", correlation_id);
        if (!headers.find("Cache-Control")) headers.add("Cache-Control", "no-cache");
    }
    if (const auto sent = request.headers.find("x-ms-client-request-id")) {
        if (const auto guid = Guid::parse(*sent)) headers.add("x-ms-client-request-id", guid->value());
    }
}

// The scope a route's entry is decided at: its template with the parameters of the path put in.
Result<rbac::Scope> expand_scope(const Context& context, std::string_view pattern) {
    std::string out;
    while (!pattern.empty()) {
        const std::size_t open = std::min(pattern.find('{'), pattern.size());
        out += pattern.substr(0, open);
        pattern.remove_prefix(open);
        if (pattern.empty()) break;
        const std::size_t close = pattern.find('}');
        out += context.parameter(pattern.substr(1, close - 1));
        pattern.remove_prefix(close + 1);
    }
    return rbac::Scope::parse(out);
}

} // namespace

Gateway::Gateway(Services services, std::vector<Route> routes, const LimitOptions& limits)
    : services_(services), router_(std::move(routes)), metrics_(router_.routes()), limits_(limits) {
    metrics_.add_source([this](std::string& out) { limits_.write_metrics(out); });
}

Task<Result<Caller>> Gateway::authenticate(const Context& context) const {
    const auto header = context.request_.headers.find("authorization");
    const tenant::World& world = context.world();
    switch (context.route().protocol) {
    case Protocol::registry: {
        if (!header) co_return failure(ErrorCode::unauthenticated, "");
        if (const auto token = parse_bearer(*header)) {
            auto named = services_.registry_tokens.verify_access(world, context.registry(), *token);
            auto caller = co_await with_living_secret(services_, world, std::move(named));
            co_return caller;
        }
        auto basic = parse_basic(*header);
        if (!basic) co_return failure(std::move(basic));
        if (!*basic) co_return failure(ErrorCode::invalid_credentials, "Send Bearer or Basic credentials.");
        const std::string_view user = (*basic)->user;
        const std::string_view password = (*basic)->password.reveal();
        const std::string_view address = context.request_.remote_address;
        auto caller = co_await authenticate_password(services_, world, context.registry(), user, password, address);
        co_return caller;
    }
    case Protocol::registry_token:
    case Protocol::sign_in:
        co_return Caller::anonymous(); // their handlers read the credentials themselves: that is what these routes do
    case Protocol::resource_manager:
    case Protocol::graph:
    case Protocol::berth: break;
    }
    if (!header) {
        co_return failure(ErrorCode::unauthenticated, "Authentication failed. The 'Authorization' header is missing.");
    }
    const auto token = parse_bearer(*header);
    if (!token) {
        Error error{ErrorCode::unauthenticated,
                    "Authentication failed. The 'Authorization' header is provided in an invalid format."};
        error.protocol_code = "AuthenticationFailedInvalidHeader";
        co_return std::unexpected(std::move(error));
    }
    if (context.route().protocol == Protocol::resource_manager) {
        auto outside = co_await verify_outside_token(services_, world, *token);
        if (!outside) co_return failure(std::move(outside));
        if (*outside) co_return std::move(**outside);
    }
    static constexpr std::array graph{Audience::graph};
    static constexpr std::array resource_manager{Audience::resource_manager};
    const std::span<const Audience> accepted =
        context.route().protocol == Protocol::graph ? std::span<const Audience>(graph) : resource_manager;
    auto named = services_.directory_tokens.verify(world, accepted, *token);
    auto caller = co_await with_living_secret(services_, world, std::move(named));
    if (!caller && caller.error().protocol_code.empty() && caller.error().code == ErrorCode::invalid_credentials) {
        caller.error().protocol_code = "InvalidAuthenticationToken";
    }
    co_return caller;
}

Task<Result<http::Response>> Gateway::dispatch(Context& context, RequestLimits::Time started) {
    const Route& route = context.route();
    if (auto admitted = limits_.admit(route, context.request(), started); !admitted) co_return failure(std::move(admitted));
    if (speaks_registry(route.protocol) && !context.has_registry()) {
        co_return failure(ErrorCode::name_unknown, "There is no registry here yet; create one through ARM.");
    }
    if (speaks_registry(route.protocol)) {
        auto admitted = check_network(context.registry(), context.request().remote_address);
        if (!admitted) co_return failure(std::move(admitted));
    }
    if (route.entry.kind != EntryKind::open) {
        auto caller = co_await authenticate(context);
        if (!caller) co_return failure(std::move(caller));
        context.caller_ = std::move(*caller);
        auto admitted = limits_.admit(route, context.caller_, context.request().remote_address, started);
        if (!admitted) co_return failure(std::move(admitted));
    }
    if (!route.scope.empty()) {
        auto scope = expand_scope(context, route.scope);
        if (!scope) co_return failure(std::move(scope));
        context.scope_ = std::move(*scope);
    }
    if (auto decided = context.decide_entry(); !decided) co_return failure(std::move(decided));
    const bool proves_itself = route.entry.kind == EntryKind::open; // its handler says who it was
    if (speaks_registry(route.protocol) && !proves_itself) {
        auto charged = limits_.charge(route, context.caller_, context.registry(), started);
        if (!charged) co_return failure(std::move(charged));
    }
    if (route.protocol == Protocol::resource_manager && route.entry.kind != EntryKind::open &&
        context.query().find("api-version").value_or("").empty()) {
        co_return failure(ErrorCode::missing_api_version,
                          "The api-version query parameter (?api-version=) is required for all requests.");
    }
    auto response = co_await route.handler(context);
    if (response) {
        if (auto decided = context.check_decided(); !decided) co_return failure(std::move(decided));
        if (speaks_registry(route.protocol) && proves_itself) {
            auto charged = limits_.charge(route, context.caller_, context.registry(), started);
            if (!charged) co_return failure(std::move(charged));
        }
    }
    co_return response;
}

// The address under which the client reached us. Behind a proxy that ends TLS only the external URL knows the scheme.
std::string Gateway::base_address(const http::Request& request, const tenant::Registry* registry) const {
    if (registry != nullptr) {
        const auto& external = services_.tenancy.naming().external_url;
        const auto found = external.find(to_lower(registry->name));
        if (found != external.end() && found->second.ends_with("://" + request.host)) return found->second;
    }
    return (request.secure ? "https://" : "http://") + request.host;
}

Task<http::Response> Gateway::handle(http::Request& request) {
    const auto started = std::chrono::steady_clock::now();
    const std::string correlation_id = correlation_id_of(request);
    const auto world = services_.tenancy.world();

    auto match = router_.find(request.method, request.path);
    const Route* route = match ? match->route : nullptr;
    const Protocol protocol = route != nullptr ? route->protocol : Router::protocol_of(request.path);

    const tenant::Registry* registry = world->registry_for_host(request.host);
    ErrorPlace place{.protocol = protocol,
                     .route = route,
                     .registry = speaks_registry(protocol) ? registry : nullptr,
                     .repository = {},
                     .further_scope = {},
                     .base_address = base_address(request, registry),
                     .correlation_id = correlation_id,
                     .had_credentials = request.headers.find("authorization").has_value()};

    http::Response response;
    RequestRecord record{.request = request, .route = route, .registry = place.registry, .correlation_id = correlation_id};
    if (!match) {
        record.error = match.error();
        response = error_response(match.error(), place);
    } else if (request.headers.all("authorization").size() > 1) {
        record.error = Error{ErrorCode::bad_request, "The request has two Authorization headers; send one."};
        response = error_response(*record.error, place);
    } else if (auto query = Parameters::parse(request.query); !query) {
        record.error = Error{ErrorCode::invalid_parameter, "The query has a broken percent escape or too many parameters."};
        response = error_response(*record.error, place);
    } else {
        Context context(request, *route, services_, world, correlation_id);
        context.registry_ = place.registry;
        context.parameters_ = std::move(match->parameters);
        context.query_ = std::move(*query);
        context.base_address_ = place.base_address;
        // Before anything else: the name goes into the challenge, and only a valid one may.
        auto named = context.take_repository_name();
        place.repository = named ? context.parameter("name") : std::string_view();
        Result<http::Response> result = failure(ErrorCode::internal, "");
        if (named) {
            result = co_await dispatch(context, started);
        } else {
            result = failure(std::move(named));
        }
        if (result) {
            response = std::move(*result);
        } else {
            if (route->further_scope) place.further_scope = route->further_scope(context.query());
            record.error = result.error();
            limits_.count_failure(*route, request, result.error(), started);
            response = error_response(result.error(), place);
        }
        record.caller = std::move(context.caller_);
        record.repository = std::string(context.parameter("name"));
    }
    add_common_headers(response, request, protocol, correlation_id);

    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started);
    metrics_.count(route, response.status, took);
    record.status = response.status;
    record.took = took;
    write_request_log(record);
    co_return response;
}

http::Response Gateway::refuse(unsigned status, std::string_view reason, std::string_view target) const {
    const std::string correlation_id = Guid::random().value();
    const std::string_view path = target.substr(0, std::min(target.find('?'), target.size()));
    Error error{ErrorCode::bad_request, std::string(reason)};
    ErrorPlace place{.protocol = Router::protocol_of(path), .correlation_id = correlation_id};
    auto response = error_response(error, place);
    response.status = status;
    http::Request none;
    add_common_headers(response, none, place.protocol, correlation_id);
    return response;
}

} // namespace berth::gateway
