#pragma once

#include "base/result.hpp"
#include "data_plane/upload_limits.hpp"
#include "gateway/limits/request_limits.hpp"
#include "identity/sign_in_provider.hpp"
#include "identity/trusted_issuer.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace berth::app {

/// Everything that `berth serve` can be told: by flag, by environment (`BERTH_…`) or in a file, in this order of
/// precedence. `docs/configuration.md` is the table.
struct Configuration {
    std::filesystem::path config; ///< a file with the settings below; empty: none
    std::filesystem::path data = "berth-data";
    std::string http = "127.0.0.1:5000";
    std::string https = "127.0.0.1:5443";
    bool allow_plain_http = false;            ///< plain HTTP on addresses that are not loopback
    std::string domain = "azurecr.localhost"; ///< with `:port` where clients use another
    std::vector<std::string> external_urls;   ///< `registry=https://host[:port]`
    std::vector<std::string> trusted_proxies;
    std::vector<std::string> allowed_outbound; ///< where berth may connect beside the public Internet
    std::filesystem::path outbound_ca;         ///< PEM to trust there beside the system's
    std::uint64_t outbound_patience_seconds = 30;
    std::vector<std::string> trusted_issuers; ///< `issuer=URL[,audience=TEXT]…`
    std::string sign_in_provider;             ///< `issuer=URL,client-id=TEXT…`; empty: none
    std::filesystem::path tls_certificate;    ///< PEM chain; empty: berth's own local CA
    std::filesystem::path tls_key;
    std::string log_level = "info";
    unsigned loops = 0; ///< event loops; 0: one per core
    std::uint64_t drain_seconds = 30;
    std::string rate_limit_identity; ///< requests a minute as `kind=number,…` (`gateway::Budgets`); empty: not limited
    std::string rate_limit_address;
    std::string rate_limit_registry;
    std::uint32_t failed_logins = 600; ///< a minute from one address; 0: not limited
    std::uint64_t uploads_per_identity = data_plane::UploadLimitOptions{}.identity_uploads; ///< open at once; 0: not limited
    std::uint64_t uploads_per_registry = data_plane::UploadLimitOptions{}.registry_uploads;
    std::uint64_t upload_bytes_per_identity = data_plane::UploadLimitOptions{}.identity_bytes; ///< of these together
    std::uint64_t upload_bytes_per_registry = data_plane::UploadLimitOptions{}.registry_bytes;
    std::uint64_t connections = 20'000;
    std::uint64_t connections_per_address = 0; ///< 0: half of `connections`
    std::uint64_t head_seconds = 30;
    std::uint64_t body_seconds = 60;
    std::uint64_t idle_seconds = 120;
    std::uint64_t body_rate = 1; ///< bytes a second
    std::uint64_t key_rotation_days = 90;
    std::uint64_t garbage_grace_hours = 24;
    std::uint64_t garbage_interval_seconds = 60;
    std::string garbage_unlisted_blobs = "collect";         ///< or `keep`
    std::uint64_t untagged_manifest_days = 0;               ///< 0: kept
    std::uint64_t scrub_bytes_per_second = 8 * 1024 * 1024; ///< 0: off
    std::uint64_t scrub_interval_hours = 24 * 7;
    // What the first start makes.
    std::string registry_name = "berth";
    std::string resource_group = "berth";
    std::string location = "westeurope";
};

/// Declares the options on a command of the command line; parsing fills `configuration` from flags and environment.
void declare_options(CLI::App& command, Configuration& configuration);

/// Takes from the file that `--config` names, if any, what neither flag nor environment said. `invalid_parameter` for a
/// file that cannot be read, names a setting that does not exist or gives it a value it cannot have.
Result<void> read_file(CLI::App& command, const Configuration& configuration);
/// The same for the text of such a file. The message says what is wrong, not where.
Result<void> read_settings(CLI::App& command, std::istream& in);

/// Checks what parsing alone cannot: external URLs, a certificate with its key, plain HTTP away from loopback.
/// `invalid_parameter` with a message for people.
Result<void> check(const Configuration& configuration);

/// The external URLs by registry name in lower case.
Result<std::map<std::string, std::string>> parse_external_urls(const Configuration& configuration);

/// The outside provider of the sign-in page, if there is one: it must be a trusted issuer.
Result<std::optional<identity::SignInProvider>> parse_sign_in_provider(const Configuration& configuration);

/// What clients may ask for in a minute.
Result<gateway::LimitOptions> parse_limits(const Configuration& configuration);

/// How many uploads may be open, and how large.
data_plane::UploadLimitOptions upload_limits(const Configuration& configuration);

/// The trusted issuers, each named once.
Result<std::vector<identity::TrustedIssuer>> parse_trusted_issuers(const Configuration& configuration);

} // namespace berth::app
