#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "http/server.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace berth::app {

/// A CA for this machine: made on first start, kept in the data folder, never used for anything but berth's own login
/// servers. Thread-safe.
class CertificateAuthority {
public:
    /// Reads `ca.pem` and `ca.key` in the folder, or makes them (EC P-256, ten years, the key readable by its owner only).
    static Result<std::unique_ptr<CertificateAuthority>> open(const std::filesystem::path& folder);
    virtual ~CertificateAuthority() = default;

    /// A leaf for the host name, with `localhost` and the loopback addresses in it, valid for 90 days.
    virtual Result<http::Certificate> issue(std::string_view host_name) const = 0;
    /// The CA's certificate: what clients are told to trust.
    virtual const std::filesystem::path& certificate_file() const = 0;
};

} // namespace berth::app
