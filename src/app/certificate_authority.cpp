#include "app/certificate_authority.hpp"

#include "base/durable_file.hpp"
#include "base/random.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iterator>

namespace berth::app {
namespace {

template <auto Free>
struct Freeing {
    template <class T>
    void operator()(T* value) const noexcept {
        Free(value);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using X509Pointer = std::unique_ptr<X509, Freeing<X509_free>>;
using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freeing<X509_EXTENSION_free>>;

constexpr long day = 24L * 60 * 60;
constexpr long leaf_seconds = 90 * day;
constexpr long authority_seconds = 3650 * day;

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string to_pem(X509* certificate) {
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate);
    return text_of(bio.get());
}

std::string to_pem(EVP_PKEY* key) {
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(bio.get());
}

bool add_extension(X509* certificate, X509* issuer, int which, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str()));
    return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// A certificate without its signature and extensions.
X509Pointer make_certificate(EVP_PKEY* key, const std::string& common_name, long seconds) {
    X509Pointer certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    std::array<std::byte, 16> serial{};
    fill_random(serial);
    serial[0] &= std::byte{0x7F};
    const std::unique_ptr<BIGNUM, Freeing<BN_free>> number(
        BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), static_cast<int>(serial.size()), nullptr));
    BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get()));
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -day); // clocks differ
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), seconds);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                               0);
    return certificate;
}

class LocalAuthority final : public CertificateAuthority {
public:
    LocalAuthority(std::filesystem::path file, X509Pointer certificate, Key key)
        : file_(std::move(file)), certificate_(std::move(certificate)), key_(std::move(key)) {}

    Result<http::Certificate> issue(std::string_view host_name) const override {
        const Key key(EVP_EC_gen("P-256"));
        if (!key) return failure(ErrorCode::internal, "A key for TLS could not be made.");
        const std::string host(host_name.substr(0, 64)); // the longest common name X.509 has
        auto leaf = make_certificate(key.get(), host, leaf_seconds);
        X509_set_issuer_name(leaf.get(), X509_get_subject_name(certificate_.get()));
        std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
        if (host_name != "localhost") names = fmt::format("DNS:{},{}", host_name, names);
        const bool made = add_extension(leaf.get(), certificate_.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                          add_extension(leaf.get(), certificate_.get(), NID_key_usage, "critical,digitalSignature") &&
                          add_extension(leaf.get(), certificate_.get(), NID_ext_key_usage, "serverAuth") &&
                          add_extension(leaf.get(), certificate_.get(), NID_subject_alt_name, names) &&
                          add_extension(leaf.get(), certificate_.get(), NID_authority_key_identifier, "keyid") &&
                          X509_sign(leaf.get(), key_.get(), EVP_sha256()) > 0;
        if (!made) return failure(ErrorCode::internal, fmt::format("A certificate for '{}' could not be made.", host_name));
        return http::Certificate{to_pem(leaf.get()) + to_pem(certificate_.get()), to_pem(key.get())};
    }

    const std::filesystem::path& certificate_file() const override { return file_; }

private:
    std::filesystem::path file_;
    X509Pointer certificate_;
    Key key_;
};

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

Result<std::unique_ptr<CertificateAuthority>> CertificateAuthority::open(const std::filesystem::path& folder) {
    const auto certificate_path = folder / "ca.pem";
    const auto key_path = folder / "ca.key";
    const std::string certificate_text = read_file(certificate_path);
    const std::string key_text = read_file(key_path);
    if (!certificate_text.empty() && !key_text.empty()) {
        const Bio certificate_bio(BIO_new_mem_buf(certificate_text.data(), static_cast<int>(certificate_text.size())));
        const Bio key_bio(BIO_new_mem_buf(key_text.data(), static_cast<int>(key_text.size())));
        X509Pointer certificate(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
        Key key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
        if (!certificate || !key || X509_check_private_key(certificate.get(), key.get()) != 1) {
            return failure(ErrorCode::internal,
                           fmt::format("The local CA in '{}' is damaged. Delete ca.pem and ca.key there to have berth "
                                       "make a new one; clients must then trust the new one.",
                                       folder.string()));
        }
        return std::make_unique<LocalAuthority>(certificate_path, std::move(certificate), std::move(key));
    }

    Key key(EVP_EC_gen("P-256"));
    if (!key) return failure(ErrorCode::internal, "A key for the local CA could not be made.");
    auto certificate = make_certificate(key.get(), "berth local CA", authority_seconds);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    const bool made =
        add_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash") &&
        X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0;
    if (!made) return failure(ErrorCode::internal, "The local CA could not be made.");
    if (auto written = write_durably(key_path, to_pem(key.get()), 0600); !written) {
        return failure(std::move(written));
    }
    if (auto written = write_durably(certificate_path, to_pem(certificate.get()), 0644); !written) {
        return failure(std::move(written));
    }
    return std::make_unique<LocalAuthority>(certificate_path, std::move(certificate), std::move(key));
}

} // namespace berth::app
