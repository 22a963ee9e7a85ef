#pragma once

#include "load/script.hpp"

#include <cstdint>
#include <string>

namespace load {

/// One large body.
struct Transfer {
    std::string path;   ///< what is pulled, or the repository that is pushed to
    std::string digest; ///< with `verify`, or for a push
    std::uint64_t size = 0;
    std::string file;    ///< what is pushed
    bool tls = false;    ///< the certificate is not looked at: the server is our own
    bool verify = false; ///< hash what arrives; without it bytes are counted, so that the client costs little
};

/// Pulls; gives the seconds it took. `fail`s if the size (or the digest, with `verify`) is another.
double pull(const Target& target, const Transfer& transfer);
/// Pushes the file as a blob (POST, then one PUT); gives the seconds it took.
double push(const Target& target, const Transfer& transfer);
/// Writes a file of bytes that do not compress and gives its digest.
std::string make_file(const std::string& path, std::uint64_t size, std::uint64_t seed);

} // namespace load
