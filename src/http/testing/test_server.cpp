#include "http/testing/test_server.hpp"

#include "http/body.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace berth::http::testing {
namespace {

std::string text_of(BIO* bio) {
    const char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

} // namespace

Certificate self_signed(const std::string& name) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                               0); // NOLINT
    X509_set_issuer_name(certificate, subject);
    X509_sign(certificate, key, EVP_sha256());
    BIO* chain = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(chain, certificate);
    BIO* secret = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(secret, key, nullptr, nullptr, 0, nullptr, nullptr);
    Certificate out{.chain = text_of(chain), .key = text_of(secret)};
    BIO_free(chain);
    BIO_free(secret);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return out;
}

TestServer::TestServer(Handler handler, ServerOptions options, CertificateSource certificates) {
    auto server = Server::create(std::move(options), std::move(handler), &plain_refusal, std::move(certificates));
    EXPECT_TRUE(server) << (server ? "" : server.error().message);
    server_ = std::move(*server);
    auto port = server_->listen({.address = "127.0.0.1:0"});
    EXPECT_TRUE(port) << (port ? "" : port.error().message);
    port_ = port.value_or(std::uint16_t{0});
}

std::uint16_t TestServer::listen_tls() {
    auto port = server_->listen({.address = "127.0.0.1:0", .tls = true});
    EXPECT_TRUE(port) << (port ? "" : port.error().message);
    return port.value_or(std::uint16_t{0});
}

Response plain_refusal(unsigned status, std::string_view reason, std::string_view target) {
    Response response{.status = status};
    response.headers.add("Content-Type", "text/plain");
    response.body = fmt::format("{} {}: {}", status, target, reason);
    return response;
}

Task<Response> echo(Request& request) {
    Response response;
    response.headers.add("X-Method", request.method_name);
    response.headers.add("X-Path", std::string(request.path));
    response.headers.add("X-Query", std::string(request.query));
    response.headers.add("X-Host", request.host);
    response.headers.add("X-Remote", request.remote_address);
    response.headers.add("X-Secure", request.secure ? "yes" : "no");
    Task<Result<std::string>> reading = read_body(request, std::uint64_t{256} << 20);
    Result<std::string> body = co_await std::move(reading);
    if (body) {
        response.body = std::move(*body);
    } else {
        response.status = body.error().code == ErrorCode::timeout ? 408 : 400;
        response.body = body.error().message;
    }
    co_return response;
}

} // namespace berth::http::testing
