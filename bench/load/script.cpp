#include "load/script.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <array>

namespace load {

std::string Target::request(std::string_view method, std::string_view path, std::string_view fields,
                            std::string_view body) const {
    std::string out =
        fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: berth-load/1\r\n{}", method, path, host, extra_fields);
    if (!authorization.empty()) out += fmt::format("Authorization: {}\r\n", authorization);
    out += fields;
    if (method != "GET" && method != "HEAD") out += fmt::format("Content-Length: {}\r\n", body.size());
    out += "\r\n";
    out += body;
    return out;
}

std::string digest_of(std::string_view text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    // NOLINTNEXTLINE: how OpenSSL takes bytes
    ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
    std::string out = "sha256:";
    for (const unsigned char byte : hash) out += fmt::format("{:02x}", byte);
    return out;
}

} // namespace load
