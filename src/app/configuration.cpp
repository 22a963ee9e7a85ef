#include "app/configuration.hpp"

#include "app/addresses.hpp"
#include "base/encoding.hpp"
#include "base/names.hpp"
#include "outbound/allowed_destinations.hpp"

#include <CLI/CLI.hpp>
#include <boost/url/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace berth::app {
namespace {

bool is_loopback(std::string_view address) {
    const std::string_view host = address.substr(0, address.rfind(':'));
    const bool numeric = host.find_first_not_of("0123456789.") == std::string_view::npos;
    return host == "localhost" || host == "[::1]" || (numeric && host.starts_with("127."));
}

} // namespace

void declare_options(CLI::App& command, Configuration& c) {
    const auto add = [&](const std::string& name, auto& value, const std::string& environment, const std::string& what) {
        return command.add_option(name, value, what)->envname("BERTH_" + environment)->capture_default_str();
    };
    add("--config", c.config, "CONFIG", "A file with these settings, one `name = value` a line (TOML)");
    add("--data", c.data, "DATA", "Folder that holds everything; made when it is missing");
    add("--http", c.http, "HTTP", "Where to listen without TLS; port 0 takes a free one, 'off' does not listen");
    add("--https", c.https, "HTTPS", "Where to listen with TLS; port 0 takes a free one, 'off' does not listen");
    command.add_flag("--allow-plain-http", c.allow_plain_http, "Allow --http on an address that is not loopback")
        ->envname("BERTH_ALLOW_PLAIN_HTTP");
    add("--domain", c.domain, "DOMAIN",
        "Login servers are <registry>.<domain>, and <domain> is the server; with :port where clients use another than berth "
        "listens at");
    add("--external-url", c.external_urls, "EXTERNAL_URL",
        "<registry>=https://host[:port]: the address under which clients reach a registry")
        ->delimiter(',');
    add("--trusted-proxy", c.trusted_proxies, "TRUSTED_PROXY",
        "Address or CIDR block of a proxy whose X-Forwarded-* headers count")
        ->delimiter(',');
    add("--allow-outbound", c.allowed_outbound, "ALLOW_OUTBOUND",
        "Host, host:port, *.domain, address or CIDR block that berth may connect to although it is not on the public "
        "Internet; with http:// before it without TLS")
        ->delimiter(',');
    add("--outbound-ca", c.outbound_ca, "OUTBOUND_CA",
        "PEM file with CAs to trust in calls to other servers, beside the system's");
    add("--outbound-patience-seconds", c.outbound_patience_seconds, "OUTBOUND_PATIENCE_SECONDS",
        "How long another server may be silent, or slower than 256 bytes a second")
        ->check(CLI::Range(1, 3600));
    add("--trusted-issuer", c.trusted_issuers, "TRUSTED_ISSUER",
        "issuer=URL[,audience=TEXT][,subject-claim=NAME][,groups-claim=NAME][,key-set=URL]: an outside issuer whose tokens "
        "count; "
        "several in the environment are separated by ';'")
        ->delimiter(';');
    add("--sign-in-provider", c.sign_in_provider, "SIGN_IN_PROVIDER",
        "issuer=URL,client-id=TEXT[,client-secret-file=PATH][,name=TEXT]: a trusted issuer to which the sign-in page can hand "
        "people over");
    add("--tls-certificate", c.tls_certificate, "TLS_CERTIFICATE",
        "PEM file with the certificate chain; without it berth makes a local CA");
    add("--tls-key", c.tls_key, "TLS_KEY", "PEM file with the key of --tls-certificate");
    add("--log-level", c.log_level, "LOG_LEVEL", "trace, debug, info, warning, error or off; SIGHUP reads it again")
        ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "off"}));
    add("--loops", c.loops, "LOOPS", "Event loops; 0: one per core")->check(CLI::Range(0U, 1024U));
    add("--drain-seconds", c.drain_seconds, "DRAIN_SECONDS", "How long SIGTERM lets requests finish")
        ->check(CLI::Range(0, 3600));
    add("--rate-limit-identity", c.rate_limit_identity, "RATE_LIMIT_IDENTITY",
        "Requests a minute of each identity (anonymous callers: of each address), as read=N,write=N,delete=N,referrers=N; "
        "kinds that are not named are not limited");
    add("--rate-limit-address", c.rate_limit_address, "RATE_LIMIT_ADDRESS",
        "The same for everything from one address, with oauth=N for asking for tokens");
    add("--rate-limit-registry", c.rate_limit_registry, "RATE_LIMIT_REGISTRY",
        "The same for everything that one registry is asked, with oauth=N");
    add("--failed-logins-per-minute", c.failed_logins, "FAILED_LOGINS_PER_MINUTE",
        "Failed logins from one address after which it has to wait; 0: not limited")
        ->check(CLI::Range(0U, gateway::Budgets::most));
    add("--uploads-per-identity", c.uploads_per_identity, "UPLOADS_PER_IDENTITY",
        "Uploads of one identity that are begun and not finished; 0: not limited")
        ->check(CLI::Range(std::uint64_t{0}, data_plane::UploadLimitOptions::most_uploads));
    add("--uploads-per-registry", c.uploads_per_registry, "UPLOADS_PER_REGISTRY", "The same of one registry")
        ->check(CLI::Range(std::uint64_t{0}, data_plane::UploadLimitOptions::most_uploads));
    add("--upload-bytes-per-identity", c.upload_bytes_per_identity, "UPLOAD_BYTES_PER_IDENTITY",
        "Bytes that these uploads of one identity may have together; 0: not limited")
        ->check(CLI::Range(std::uint64_t{0}, data_plane::UploadLimitOptions::most_bytes));
    add("--upload-bytes-per-registry", c.upload_bytes_per_registry, "UPLOAD_BYTES_PER_REGISTRY", "The same of one registry")
        ->check(CLI::Range(std::uint64_t{0}, data_plane::UploadLimitOptions::most_bytes));
    add("--connections", c.connections, "CONNECTIONS", "Connections open at once")->check(CLI::Range(1, 1'000'000));
    add("--connections-per-address", c.connections_per_address, "CONNECTIONS_PER_ADDRESS",
        "Connections open at once from one address; 0: half of --connections")
        ->check(CLI::Range(0, 1'000'000));
    add("--head-seconds", c.head_seconds, "HEAD_SECONDS", "How long the head of a request may take")
        ->check(CLI::Range(1, 3600));
    add("--body-seconds", c.body_seconds, "BODY_SECONDS",
        "How long a client may send or take nothing of a body, and how far it may fall behind --body-rate")
        ->check(CLI::Range(1, 3600));
    add("--idle-seconds", c.idle_seconds, "IDLE_SECONDS", "How long a connection stays open between two requests")
        ->check(CLI::Range(1, 86'400));
    add("--body-rate", c.body_rate, "BODY_RATE", "Bytes a second that the body of a request has to bring on average")
        ->check(CLI::Range(1, 1'000'000'000));
    add("--key-rotation-days", c.key_rotation_days, "KEY_ROTATION_DAYS", "Age at which signing keys are replaced")
        ->check(CLI::Range(1, 3650));
    add("--garbage-grace-hours", c.garbage_grace_hours, "GARBAGE_GRACE_HOURS",
        "How long content that nothing refers to is kept")
        ->check(CLI::Range(0, 24 * 365));
    add("--garbage-interval-seconds", c.garbage_interval_seconds, "GARBAGE_INTERVAL_SECONDS",
        "How often what nothing refers to is collected")
        ->check(CLI::Range(1, 86'400));
    add("--garbage-unlisted-blobs", c.garbage_unlisted_blobs, "GARBAGE_UNLISTED_BLOBS",
        "What becomes of blobs that no manifest has listed when their grace ends: collect or keep")
        ->check(CLI::IsMember({"collect", "keep"}));
    add("--untagged-manifest-days", c.untagged_manifest_days, "UNTAGGED_MANIFEST_DAYS",
        "How long manifests without a tag are kept; 0: for ever")
        ->check(CLI::Range(0, 3650));
    add("--scrub-bytes-per-second", c.scrub_bytes_per_second, "SCRUB_BYTES_PER_SECOND",
        "How fast stored content is read to compare it with its digests; 0: never")
        ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 40));
    add("--scrub-interval-hours", c.scrub_interval_hours, "SCRUB_INTERVAL_HOURS",
        "How long after all content was compared that begins again")
        ->check(CLI::Range(0, 24 * 365));
    add("--registry-name", c.registry_name, "REGISTRY_NAME", "First start: name of the registry");
    add("--resource-group", c.resource_group, "RESOURCE_GROUP", "First start: name of the resource group");
    add("--location", c.location, "LOCATION", "First start: location of the resource group and registry");
}

Result<void> read_settings(CLI::App& command, std::istream& in) {
    try {
        for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(in)) {
            CLI::Option* option = command.get_option_no_throw("--" + item.name);
            if (option == nullptr || !item.parents.empty() || item.name == "config") {
                return failure(ErrorCode::invalid_parameter, fmt::format("there is no setting '{}'", item.fullname()));
            }
            if (option->count() > 0) continue; // a flag or the environment said it
            option->add_result(item.inputs);
            option->run_callback();
        }
    } catch (const std::exception& error) {
        return failure(ErrorCode::invalid_parameter, error.what());
    }
    return {};
}

Result<void> read_file(CLI::App& command, const Configuration& configuration) {
    if (configuration.config.empty()) return {};
    const auto invalid = [&](const std::string& what) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("The configuration file '{}': {}.", configuration.config.string(), what));
    };
    std::ifstream in(configuration.config);
    if (!in) return invalid("it cannot be read");
    if (auto read = read_settings(command, in); !read) return invalid(read.error().message);
    return {};
}

Result<std::map<std::string, std::string>> parse_external_urls(const Configuration& configuration) {
    std::map<std::string, std::string> out;
    for (const std::string& entry : configuration.external_urls) {
        const std::size_t equals = entry.find('=');
        const std::string_view name = std::string_view(entry).substr(0, std::min(equals, entry.size()));
        const std::string text = equals == std::string::npos ? "" : entry.substr(equals + 1);
        const auto url = boost::urls::parse_uri(text);
        if (!is_registry_name(name) || !url || (url->scheme() != "https" && url->scheme() != "http") || url->host().empty() ||
            !(url->path().empty() || url->path() == "/") || url->has_query() || url->has_fragment() || url->has_userinfo()) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("--external-url '{}' is not valid: write <registry>=https://host[:port], without "
                                       "a path.",
                                       entry));
        }
        out[to_lower(name)] = to_lower(text.ends_with('/') ? std::string_view(text).substr(0, text.size() - 1) : text);
    }
    return out;
}

Result<void> check(const Configuration& configuration) {
    if (auto naming = login_server_naming(configuration, 0); !naming) return failure(std::move(naming));
    if (auto allowed = outbound::AllowedDestinations::parse(configuration.allowed_outbound); !allowed) {
        return failure(ErrorCode::invalid_parameter, "--allow-outbound: " + allowed.error().message);
    }
    if (auto issuers = parse_trusted_issuers(configuration); !issuers) {
        return failure(ErrorCode::invalid_parameter, "--trusted-issuer: " + issuers.error().message);
    }
    if (auto provider = parse_sign_in_provider(configuration); !provider) {
        return failure(ErrorCode::invalid_parameter, "--sign-in-provider: " + provider.error().message);
    }
    if (auto limits = parse_limits(configuration); !limits) return failure(std::move(limits));
    if (!configuration.outbound_ca.empty() && !std::ifstream(configuration.outbound_ca)) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("--outbound-ca '{}' cannot be read.", configuration.outbound_ca.string()));
    }
    if (configuration.tls_certificate.empty() != configuration.tls_key.empty()) {
        return failure(ErrorCode::invalid_parameter, "--tls-certificate and --tls-key belong together; give both.");
    }
    if (configuration.http == "off" && configuration.https == "off") {
        return failure(ErrorCode::invalid_parameter, "--http and --https are both off: there would be no way in.");
    }
    if (configuration.http != "off" && !is_loopback(configuration.http) && !configuration.allow_plain_http) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("--http {} would send passwords over the network in the clear. Use --https there, or "
                                   "add --allow-plain-http if a proxy in front speaks TLS.",
                                   configuration.http));
    }
    if (!is_registry_name(configuration.registry_name)) {
        return failure(ErrorCode::invalid_parameter, "--registry-name must be 5 to 50 letters and digits, as Azure has it.");
    }
    if (!is_resource_group_name(configuration.resource_group)) {
        return failure(ErrorCode::invalid_parameter,
                       "--resource-group must be 1 to 90 letters, digits, '_', '-', '.', '(' or ')', not ending in '.'.");
    }
    return {};
}

Result<std::optional<identity::SignInProvider>> parse_sign_in_provider(const Configuration& configuration) {
    if (configuration.sign_in_provider.empty()) return std::nullopt;
    auto provider = identity::SignInProvider::parse(configuration.sign_in_provider);
    if (!provider) return failure(std::move(provider));
    auto issuers = parse_trusted_issuers(configuration);
    if (!issuers) return failure(std::move(issuers));
    if (std::ranges::find(*issuers, provider->issuer, &identity::TrustedIssuer::issuer) == issuers->end()) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("its issuer is not trusted: add --trusted-issuer 'issuer={}'.", provider->issuer));
    }
    return std::optional(std::move(*provider));
}

Result<gateway::LimitOptions> parse_limits(const Configuration& configuration) {
    gateway::LimitOptions out;
    struct Setting {
        std::string_view flag;
        const std::string& text;
        gateway::Budgets& budgets;
    };
    const Setting settings[] = {{"--rate-limit-identity", configuration.rate_limit_identity, out.identity},
                                {"--rate-limit-address", configuration.rate_limit_address, out.address},
                                {"--rate-limit-registry", configuration.rate_limit_registry, out.registry}};
    for (const Setting& setting : settings) {
        auto budgets = gateway::Budgets::parse(setting.text);
        if (!budgets) {
            return failure(ErrorCode::invalid_parameter, fmt::format("{}: {}", setting.flag, budgets.error().message));
        }
        setting.budgets = *budgets;
    }
    if (out.identity.of(gateway::RequestKind::oauth) > 0) {
        return failure(ErrorCode::invalid_parameter,
                       "--rate-limit-identity: who asks for a token is not known before it is asked for; limit oauth by "
                       "--rate-limit-address or --rate-limit-registry.");
    }
    out.failed_logins = configuration.failed_logins;
    return out;
}

data_plane::UploadLimitOptions upload_limits(const Configuration& configuration) {
    return {.identity_uploads = configuration.uploads_per_identity,
            .registry_uploads = configuration.uploads_per_registry,
            .identity_bytes = configuration.upload_bytes_per_identity,
            .registry_bytes = configuration.upload_bytes_per_registry};
}

Result<std::vector<identity::TrustedIssuer>> parse_trusted_issuers(const Configuration& configuration) {
    std::vector<identity::TrustedIssuer> out;
    for (const std::string& text : configuration.trusted_issuers) {
        auto issuer = identity::TrustedIssuer::parse(text);
        if (!issuer) return failure(std::move(issuer));
        if (std::ranges::find(out, issuer->issuer, &identity::TrustedIssuer::issuer) != out.end()) {
            return failure(ErrorCode::invalid_parameter, fmt::format("The issuer '{}' is there twice.", issuer->issuer));
        }
        out.push_back(std::move(*issuer));
    }
    return out;
}

} // namespace berth::app
