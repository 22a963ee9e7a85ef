#include "load/transfer.hpp"

#include "load/runner.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <random>
#include <vector>

namespace load {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t piece_size = 1024 * 1024;

struct Delete {
    void operator()(SSL_CTX* context) const noexcept { ::SSL_CTX_free(context); }
    void operator()(SSL* tls) const noexcept { ::SSL_free(tls); }
    void operator()(EVP_MD_CTX* context) const noexcept { ::EVP_MD_CTX_free(context); }
};

class Hash {
public:
    Hash() : context_(::EVP_MD_CTX_new()) { ::EVP_DigestInit_ex(context_.get(), ::EVP_sha256(), nullptr); }
    void add(std::string_view bytes) { ::EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
    std::string digest() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
        unsigned size = 0;
        ::EVP_DigestFinal_ex(context_.get(), hash.data(), &size);
        std::string out = "sha256:";
        for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", hash.at(i));
        return out;
    }

private:
    std::unique_ptr<EVP_MD_CTX, Delete> context_;
};

// A connection that waits for what it asks.
class Line {
public:
    Line(std::uint16_t port, bool tls) : socket_(connect_to(port)) {
        if (!tls) return;
        context_.reset(::SSL_CTX_new(::TLS_client_method()));
        tls_.reset(::SSL_new(context_.get()));
        ::SSL_set_fd(tls_.get(), socket_);
        if (::SSL_connect(tls_.get()) != 1) fail("the TLS handshake failed");
    }
    ~Line() { ::close(socket_); }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    int socket() const noexcept { return socket_; }
    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = tls_ ? ::SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                                      : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) fail("the server ended a connection");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    // `counted_only`: the system may throw the bytes away instead of copying them.
    std::size_t receive(char* room, std::size_t size, bool counted_only = false) {
        const ssize_t got = tls_ ? ::SSL_read(tls_.get(), room, static_cast<int>(size))
                                 : ::recv(socket_, room, size, counted_only ? MSG_TRUNC : 0);
        if (got <= 0) fail("the server ended a connection");
        return static_cast<std::size_t>(got);
    }
    Answer answer(AnswerReader& reader) {
        while (true) {
            if (const auto answer = reader.take()) return *answer;
            reader.received(receive(reader.room(piece_size), piece_size));
        }
    }

private:
    int socket_;
    std::unique_ptr<SSL_CTX, Delete> context_;
    std::unique_ptr<SSL, Delete> tls_;
};

double seconds_since(Clock::time_point started) { return std::chrono::duration<double>(Clock::now() - started).count(); }

} // namespace

double pull(const Target& target, const Transfer& transfer) {
    Line line(target.port, transfer.tls);
    const auto started = Clock::now();
    line.send(target.request("GET", transfer.path));
    std::vector<char> room(piece_size);
    std::string head;
    while (!head.contains("\r\n\r\n")) head.append(room.data(), line.receive(room.data(), 4096));
    const std::size_t head_size = head.find("\r\n\r\n") + 4;
    const Answer answer{.status = 0, .head = std::string_view(head).substr(0, head_size - 2), .body = {}};
    if (!head.starts_with("HTTP/1.1 200")) fail(fmt::format("GET {} answered {}", transfer.path, head));
    if (answer.field("Content-Length").value_or("") != std::to_string(transfer.size)) fail("a blob has another length");
    Hash hash;
    std::uint64_t got = head.size() - head_size;
    if (transfer.verify) hash.add(std::string_view(head).substr(head_size));
    while (got < transfer.size) {
        const std::size_t most = std::min<std::uint64_t>(room.size(), transfer.size - got);
        const std::size_t count = line.receive(room.data(), most, !transfer.verify);
        if (transfer.verify) hash.add({room.data(), count});
        got += count;
    }
    const double seconds = seconds_since(started);
    if (transfer.verify && hash.digest() != transfer.digest) fail("a blob has another digest");
    return seconds;
}

double push(const Target& target, const Transfer& transfer) {
    Line line(target.port, false);
    const int file = ::open(transfer.file.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) fail("the file to push is not there");
    const auto started = Clock::now();
    AnswerReader reader;
    line.send(target.request("POST", fmt::format("/v2/{}/blobs/uploads/", transfer.path)));
    const Answer begun = line.answer(reader);
    if (begun.status != 202) fail(fmt::format("the start of an upload answered {}: {}", begun.status, begun.body));
    std::string location(begun.field("Location").value_or(""));
    if (const std::size_t path = location.find("/v2/"); path != std::string::npos) location.erase(0, path);
    std::string head =
        target.request("PUT", fmt::format("{}{}digest={}", location, location.contains('?') ? '&' : '?', transfer.digest),
                       "Content-Type: application/octet-stream\r\n");
    const std::string none = "Content-Length: 0";
    head.replace(head.find(none), none.size(), fmt::format("Content-Length: {}", transfer.size));
    line.send(head);
    off_t offset = 0;
    while (static_cast<std::uint64_t>(offset) < transfer.size) {
        if (::sendfile(line.socket(), file, &offset, transfer.size - static_cast<std::uint64_t>(offset)) <= 0) {
            fail("the server ended an upload");
        }
    }
    const Answer done = line.answer(reader);
    const double seconds = seconds_since(started);
    if (done.status != 201) fail(fmt::format("the end of an upload answered {}: {}", done.status, done.body));
    if (done.field("Docker-Content-Digest").value_or("") != transfer.digest) fail("the end of an upload named another digest");
    ::close(file);
    return seconds;
}

std::string make_file(const std::string& path, std::uint64_t size, std::uint64_t seed) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) fail("the file cannot be made");
    std::mt19937_64 random(seed);
    std::vector<std::uint64_t> words(piece_size / sizeof(std::uint64_t));
    Hash hash;
    for (std::uint64_t written = 0; written < size;) {
        for (auto& word : words) word = random();
        const std::size_t count = std::min<std::uint64_t>(piece_size, size - written);
        // NOLINTNEXTLINE: bytes of numbers
        const std::string_view piece(reinterpret_cast<const char*>(words.data()), count);
        if (::write(file, piece.data(), piece.size()) != static_cast<ssize_t>(piece.size())) fail("the disk is full");
        hash.add(piece);
        written += count;
    }
    ::close(file);
    return hash.digest();
}

} // namespace load
