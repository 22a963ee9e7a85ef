#include "identity/certificate.hpp"

#include "identity/owned.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>

namespace berth::identity {
namespace {

using Buffer = Owned<BIO, BIO_free_all>;
using Parsed = Owned<X509, X509_free>;

constexpr std::size_t largest_certificate = 16 * 1024;

std::unexpected<Error> unusable(std::string_view why) {
    ERR_clear_error();
    return failure(ErrorCode::invalid_parameter, fmt::format("The certificate cannot be used: {}.", why));
}

Parsed parse_either(std::span<const std::byte> bytes) {
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    if (as_text(bytes).find("-----BEGIN CERTIFICATE-----") == std::string_view::npos) {
        const unsigned char* end = data;
        Parsed out(d2i_X509(nullptr, &end, static_cast<long>(bytes.size())));
        return end == data + bytes.size() ? std::move(out) : nullptr;
    }
    const Buffer buffer(BIO_new_mem_buf(data, static_cast<int>(bytes.size())));
    return Parsed(buffer ? PEM_read_bio_X509(buffer.get(), nullptr, nullptr, nullptr) : nullptr);
}

std::optional<Timestamp> time_of(const ASN1_TIME* time) {
    std::tm broken{};
    if (ASN1_TIME_to_tm(time, &broken) != 1) return std::nullopt;
    return Timestamp(std::chrono::seconds(timegm(&broken)));
}

Bytes fingerprint(const X509* certificate, const EVP_MD* digest) {
    Bytes out(static_cast<std::size_t>(EVP_MD_get_size(digest)));
    unsigned size = 0;
    if (X509_digest(certificate, digest, reinterpret_cast<unsigned char*>(out.data()), &size) != 1) out.clear();
    return out;
}

} // namespace

Result<Certificate> Certificate::parse(std::span<const std::byte> bytes) {
    if (bytes.size() > largest_certificate) return unusable("it is larger than 16 KiB");
    const Parsed parsed = parse_either(bytes);
    if (!parsed) return unusable("it is no X.509 certificate in DER or PEM");
    const auto not_before = time_of(X509_get0_notBefore(parsed.get()));
    const auto not_after = time_of(X509_get0_notAfter(parsed.get()));
    if (!not_before || !not_after) return unusable("its times are none");
    auto key = VerificationKey::from_rsa(X509_get0_pubkey(parsed.get()));
    if (!key) return unusable("its key must be RSA of 2048 to 8192 bits");
    unsigned char* der = nullptr;
    const int size = i2d_X509(parsed.get(), &der);
    if (size <= 0) return unusable("it cannot be written as DER");
    const auto written = std::as_bytes(std::span(der, static_cast<std::size_t>(size)));
    Certificate out{.der = Bytes(written.begin(), written.end()),
                    .sha1 = fingerprint(parsed.get(), EVP_sha1()),
                    .sha256 = fingerprint(parsed.get(), EVP_sha256()),
                    .not_before = *not_before,
                    .not_after = *not_after,
                    .key = std::move(*key)};
    OPENSSL_free(der);
    if (out.sha1.empty() || out.sha256.empty()) return unusable("it has no fingerprint");
    return out;
}

} // namespace berth::identity
