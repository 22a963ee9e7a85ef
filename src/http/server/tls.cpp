#include "http/server/tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>

namespace berth::http {
namespace {

constexpr std::size_t most_contexts = 4096;
constexpr std::string_view session_context = "berth";

struct BioFree {
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct X509Free {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct KeyFree {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using BioPointer = std::unique_ptr<BIO, BioFree>;
using X509Pointer = std::unique_ptr<X509, X509Free>;
using KeyPointer = std::unique_ptr<EVP_PKEY, KeyFree>;

BioPointer reader(const std::string& text) { return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// ALPN: http/1.1 if the client offers it; a client that offers only other protocols is told so.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void*) noexcept {
    static constexpr std::array<unsigned char, 9> supported{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, supported.data(), supported.size(), offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

SslContextPointer new_context() {
    SslContextPointer context(SSL_CTX_new(TLS_server_method()));
    if (!context) return nullptr;
    SSL_CTX* raw = context.get();
    SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20"); // TLS 1.2; all of TLS 1.3 is fine
    SSL_CTX_set_read_ahead(raw, 1);
    SSL_CTX_set_session_id_context(raw, reinterpret_cast<const unsigned char*>(session_context.data()), // NOLINT
                                   session_context.size());
    SSL_CTX_set_alpn_select_cb(raw, &choose_protocol, nullptr);
    return context;
}

int no_password(char*, int, int, void*) noexcept { return -1; } // OpenSSL would ask at the terminal

Result<SslContextPointer> context_with(const Certificate& certificate) {
    const auto unusable = [](const char* why) { return failure(ErrorCode::invalid_parameter, why); };
    SslContextPointer context = new_context();
    if (!context) return failure(ErrorCode::internal, "OpenSSL cannot make a TLS context");
    const BioPointer chain = reader(certificate.chain);
    const X509Pointer leaf(PEM_read_bio_X509_AUX(chain.get(), nullptr, &no_password, nullptr));
    if (!leaf) return unusable("the certificate chain does not begin with a certificate in PEM form");
    const BioPointer key_text = reader(certificate.key);
    const KeyPointer key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, &no_password, nullptr));
    if (!key) return unusable("the key is no private key in PEM form without a password");
    if (SSL_CTX_use_certificate(context.get(), leaf.get()) != 1) return unusable("the certificate is too weak to be used");
    if (SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) return unusable("the key does not belong to the certificate");
    while (X509Pointer next{PEM_read_bio_X509(chain.get(), nullptr, &no_password, nullptr)}) {
        if (SSL_CTX_add0_chain_cert(context.get(), next.get()) != 1) return unusable("the certificate chain cannot be used");
        static_cast<void>(next.release()); // the context owns it
    }
    return context;
}

} // namespace

TlsContexts::TlsContexts(CertificateSource source) : source_(std::move(source)), base_(new_context()) {
    if (!base_) return;
    // The function behind a macro whose cast the compiler minds.
    SSL_CTX_callback_ctrl(base_.get(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(&TlsContexts::choose)); // NOLINT
    SSL_CTX_set_tlsext_servername_arg(base_.get(), this);
}

SslPointer TlsContexts::accept(int socket) {
    if (!base_) return nullptr;
    SslPointer ssl(SSL_new(base_.get()));
    if (!ssl || SSL_set_fd(ssl.get(), socket) != 1) return nullptr;
    SSL_set_accept_state(ssl.get());
    return ssl;
}

void TlsContexts::reload() {
    const std::lock_guard lock(mutex_);
    contexts_.clear();
}

int TlsContexts::choose(SSL* ssl, int* alert, void* self) noexcept {
    auto& contexts = *static_cast<TlsContexts*>(self);
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const auto certificate = contexts.source_ ? contexts.source_(name ? std::string_view(name) : std::string_view()) : nullptr;
    const std::lock_guard lock(contexts.mutex_);
    SSL_CTX* context = certificate ? contexts.context_of(certificate) : nullptr;
    if (context == nullptr) {
        *alert = certificate ? SSL_AD_INTERNAL_ERROR : SSL_AD_UNRECOGNIZED_NAME;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    SSL_set_SSL_CTX(ssl, context);
    return SSL_TLSEXT_ERR_OK;
}

SSL_CTX* TlsContexts::context_of(const std::shared_ptr<const Certificate>& certificate) {
    if (const auto found = contexts_.find(certificate.get()); found != contexts_.end()) return found->second.context.get();
    if (contexts_.size() >= most_contexts) contexts_.clear();
    ERR_clear_error();
    auto made = context_with(*certificate);
    ERR_clear_error();
    Entry entry{.certificate = certificate, .context = made ? std::move(*made) : nullptr};
    return contexts_.emplace(certificate.get(), std::move(entry)).first->second.context.get();
}

Result<void> check_certificate(const Certificate& certificate) {
    ERR_clear_error();
    auto made = context_with(certificate);
    ERR_clear_error();
    if (!made) return failure(std::move(made));
    return {};
}

} // namespace berth::http
