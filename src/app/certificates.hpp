#pragma once

#include "app/certificate_authority.hpp"
#include "base/result.hpp"
#include "http/server.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace berth::app {

/// Which certificate the HTTPS listener shows: the owner's for every name, or one of the local CA's for each login server.
/// Thread-safe.
class Certificates {
public:
    /// Whether a name from SNI is one of ours, a login server or the domain: leaves are made for those only.
    using IsOurName = std::function<bool(std::string_view host_name)>;

    /// With the owner's certificate if the files are given, else with a local CA kept in `folder`.
    static Result<std::unique_ptr<Certificates>> open(const std::filesystem::path& certificate,
                                                      const std::filesystem::path& key, const std::filesystem::path& folder,
                                                      IsOurName is_our_name);

    std::shared_ptr<const http::Certificate> choose(std::string_view server_name);
    /// Whether clients that ask for this host name (no address) get a certificate that is for it. A wildcard counts as
    /// clients count it: not directly below a top-level domain such as `localhost`.
    bool covers(std::string_view host_name);
    /// Reads the owner's files again, or has leaves made anew. The old ones stay if the new ones are no good.
    Result<void> reload();
    /// The CA's certificate file; empty with the owner's own certificate.
    std::filesystem::path authority_file() const;

private:
    Certificates(std::filesystem::path certificate, std::filesystem::path key, std::unique_ptr<CertificateAuthority> authority,
                 IsOurName is_our_name);

    struct Leaf {
        std::shared_ptr<const http::Certificate> certificate;
        std::chrono::steady_clock::time_point made;
    };
    std::filesystem::path certificate_file_;
    std::filesystem::path key_file_;
    std::unique_ptr<CertificateAuthority> authority_;
    IsOurName is_our_name_;
    std::mutex mutex_;
    std::shared_ptr<const http::Certificate> own_;
    std::map<std::string, Leaf, std::less<>> leaves_;
};

} // namespace berth::app
