#include "sign_in/client_registration.hpp"

#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "base/strict_json.hpp"
#include "sign_in/entra_error.hpp"
#include "tenant/directory_store.hpp"

#include <boost/url/parse.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::sign_in {
namespace {

using gateway::Context;
using gateway::Services;
using storage::Session;

// Where a browser would run what the address says, or read files.
constexpr std::array<std::string_view, 7> never{"javascript", "data", "vbscript", "file", "blob", "about", "view-source"};

bool is_safe(std::string_view uri) {
    const auto url = boost::urls::parse_absolute_uri(uri); // without a fragment
    if (!url || url->has_userinfo()) return false;
    const std::string scheme = to_lower(std::string_view(url->scheme().data(), url->scheme().size()));
    return std::ranges::find(never, scheme) == never.end();
}

// `http://localhost[:port][/path]`, without anything else.
std::optional<std::string> loopback_without_port(std::string_view uri) {
    const auto url = boost::urls::parse_absolute_uri(uri);
    if (!url || url->scheme() != "http" || url->has_userinfo() || url->has_query()) return std::nullopt;
    const std::string host = to_lower(std::string(url->encoded_host()));
    if (host != "localhost" && host != "127.0.0.1") return std::nullopt;
    const std::string path(url->encoded_path());
    return fmt::format("{}{}", host, path == "/" ? "" : path);
}

bool holds(const std::vector<std::string>& registered, std::string_view uri) {
    return std::ranges::find(registered, uri) != registered.end();
}

std::unexpected<Error> no_such_client(const Context& context, std::string_view client_id) {
    return entra_failure(ErrorCode::invalid_parameter, "unauthorized_client", 700016,
                         fmt::format("Application with identifier '{}' was not found in the directory '{}'. Check the "
                                     "application ID; an application needs a service principal there "
                                     "('az ad sp create --id').",
                                     client_id.substr(0, 100), context.world().tenant_name));
}

} // namespace

std::optional<RedirectKind> ClientRegistration::redirect_kind(std::string_view uri) const {
    if (!is_safe(uri)) return std::nullopt;
    if (holds(redirect_uris.web, uri)) return RedirectKind::web;
    if (holds(redirect_uris.single_page, uri)) return RedirectKind::single_page;
    if (holds(redirect_uris.public_client, uri)) return RedirectKind::public_client;
    const auto loopback = loopback_without_port(uri);
    const bool registered = loopback && std::ranges::any_of(redirect_uris.public_client, [&](const std::string& one) {
                                return loopback_without_port(one) == loopback;
                            });
    return registered ? std::optional(RedirectKind::public_client) : std::nullopt;
}

Task<Result<ClientRegistration>> find_client(const Services& services, const Context& context, std::string_view client_id) {
    const auto id = Guid::parse(client_id);
    if (!id) co_return no_such_client(context, client_id);
    ClientRegistration out;
    out.id = id->value();
    if (out.id == azure_cli_client_id) {
        out.display_name = "Microsoft Azure CLI";
        out.redirect_uris.public_client = {"http://localhost"};
        out.public_flows = true;
        co_return out;
    }
    const auto* principal = context.world().find_principal_by_application(*id);
    if (principal == nullptr || !principal->enabled) co_return no_such_client(context, client_id);
    out.display_name = principal->display_name;
    auto read = [&](Session& session) -> Result<bool> {
        auto uris = tenant::registered_redirect_uris(session, *id);
        if (!uris) return failure(std::move(uris));
        out.redirect_uris = std::move(*uris);
        auto application = tenant::find_application(session, *id);
        if (!application) return failure(std::move(application));
        if (!*application) return false;
        const bool falls_back = find_bool((*application)->properties, "isFallbackPublicClient").value_or(false);
        out.public_flows = falls_back || !out.redirect_uris.public_client.empty();
        return true;
    };
    auto reading = services.database.read(storage::ReadKind::point, read);
    auto found = co_await std::move(reading);
    if (!found) co_return failure(std::move(found));
    if (!*found) co_return no_such_client(context, client_id);
    co_return out;
}

} // namespace berth::sign_in
