#include "app/certificates.hpp"

#include "base/encoding.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <fstream>
#include <iterator>

namespace berth::app {
namespace {

constexpr auto leaf_renewal = std::chrono::hours(24 * 30);

using X509Pointer = std::unique_ptr<X509, decltype(&X509_free)>;

// The first of a chain in PEM; null when there is none.
X509Pointer leaf_of(const std::string& chain) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(chain.data(), static_cast<int>(chain.size())),
                                                        BIO_free);
    return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free};
}

Result<http::Certificate> read_pair(const std::filesystem::path& certificate, const std::filesystem::path& key) {
    const auto read = [](const std::filesystem::path& path) {
        std::ifstream in(path, std::ios::binary);
        return std::string{std::istreambuf_iterator<char>(in), {}};
    };
    http::Certificate pair{read(certificate), read(key)};
    const std::unique_ptr<BIO, decltype(&BIO_free)> key_bio(BIO_new_mem_buf(pair.key.data(), static_cast<int>(pair.key.size())),
                                                            BIO_free);
    const X509Pointer leaf = leaf_of(pair.chain);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> private_key(
        PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    if (!leaf || !private_key || X509_check_private_key(leaf.get(), private_key.get()) != 1) {
        return failure(ErrorCode::invalid_parameter, fmt::format("'{}' and '{}' are not a certificate in PEM and its key.",
                                                                 certificate.string(), key.string()));
    }
    return pair;
}

} // namespace

Certificates::Certificates(std::filesystem::path certificate, std::filesystem::path key,
                           std::unique_ptr<CertificateAuthority> authority, IsOurName is_our_name)
    : certificate_file_(std::move(certificate)), key_file_(std::move(key)), authority_(std::move(authority)),
      is_our_name_(std::move(is_our_name)) {}

Result<std::unique_ptr<Certificates>> Certificates::open(const std::filesystem::path& certificate,
                                                         const std::filesystem::path& key, const std::filesystem::path& folder,
                                                         IsOurName is_our_name) {
    std::unique_ptr<CertificateAuthority> authority;
    if (certificate.empty()) {
        auto opened = CertificateAuthority::open(folder);
        if (!opened) return failure(std::move(opened));
        authority = std::move(*opened);
    }
    std::unique_ptr<Certificates> out(new Certificates(certificate, key, std::move(authority), std::move(is_our_name)));
    if (auto loaded = out->reload(); !loaded) return failure(std::move(loaded));
    return out;
}

Result<void> Certificates::reload() {
    if (authority_) {
        const std::lock_guard lock(mutex_);
        leaves_.clear();
        return {};
    }
    auto pair = read_pair(certificate_file_, key_file_);
    if (!pair) return failure(std::move(pair));
    const std::lock_guard lock(mutex_);
    own_ = std::make_shared<const http::Certificate>(std::move(*pair));
    return {};
}

std::shared_ptr<const http::Certificate> Certificates::choose(std::string_view server_name) {
    const std::string name = to_lower(server_name);
    const std::string host = !name.empty() && authority_ && is_our_name_(name) ? name : "localhost";
    const std::lock_guard lock(mutex_);
    if (!authority_) return own_;
    const auto now = std::chrono::steady_clock::now();
    auto& leaf = leaves_[host];
    if (!leaf.certificate || now - leaf.made > leaf_renewal) {
        auto issued = authority_->issue(host);
        if (!issued) {
            spdlog::error("{}", issued.error().message);
            return leaf.certificate;
        }
        leaf = {std::make_shared<const http::Certificate>(std::move(*issued)), now};
    }
    return leaf.certificate;
}

bool Certificates::covers(std::string_view host_name) {
    const auto certificate = choose(host_name);
    const X509Pointer leaf = certificate ? leaf_of(certificate->chain) : X509Pointer(nullptr, X509_free);
    return leaf && X509_check_host(leaf.get(), host_name.data(), host_name.size(), 0, nullptr) == 1;
}

std::filesystem::path Certificates::authority_file() const {
    return authority_ ? authority_->certificate_file() : std::filesystem::path();
}

} // namespace berth::app
