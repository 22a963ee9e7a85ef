#pragma once

#include "http/server.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <unordered_map>

namespace berth::http {

struct SslFree {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using SslPointer = std::unique_ptr<SSL, SslFree>;
using SslContextPointer = std::unique_ptr<SSL_CTX, SslFree>;

/// Makes TLS sessions: TLS 1.2 and 1.3 with forward secrecy, ALPN `http/1.1`, the certificate chosen by SNI. Contexts
/// are made once per certificate. Thread-safe.
class TlsContexts {
public:
    explicit TlsContexts(CertificateSource source);
    TlsContexts(const TlsContexts&) = delete;
    TlsContexts& operator=(const TlsContexts&) = delete;

    /// A server's session on a connected socket that does not block; nullptr if OpenSSL has no memory.
    SslPointer accept(int socket);
    /// Forgets the contexts; sessions under way keep theirs.
    void reload();

private:
    struct Entry {
        std::shared_ptr<const Certificate> certificate; // keeps the address, which is the key, from being used again
        SslContextPointer context;                      // nullptr: the certificate cannot be used
    };

    static int choose(SSL* ssl, int* alert, void* self) noexcept;
    SSL_CTX* context_of(const std::shared_ptr<const Certificate>& certificate);

    CertificateSource source_;
    SslContextPointer base_; // for sessions whose certificate is not chosen yet
    std::mutex mutex_;
    std::unordered_map<const Certificate*, Entry> contexts_;
};

} // namespace berth::http
