#pragma once

#include "load/answer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace load {

/// What one connection does: request after request, each made when the answer to the one before was checked.
class Script {
public:
    virtual ~Script() = default;
    /// The next request, whole; empty: this connection has done all it had to. Holds until `take` was called.
    virtual std::string_view next() = 0;
    /// Checks the answer, `fail`s if it is wrong; whether one of the operations that are counted is done with it.
    virtual bool take(const Answer& answer) = 0;
};

/// How many operations all scripts together still have to begin; one thread runs them all.
struct Budget {
    std::uint64_t left = 0;
    bool take() noexcept {
        if (left == 0) return false;
        --left;
        return true;
    }
};

/// What all scripts say to their server.
struct Target {
    std::uint16_t port = 0;
    std::string host;          ///< the Host field
    std::string authorization; ///< the Authorization field's value, or empty
    std::string extra_fields;  ///< whole lines with their ends
    std::string prefix;        ///< begins the names of repositories
    std::string request(std::string_view method, std::string_view path, std::string_view fields = {},
                        std::string_view body = {}) const;
};

/// Of the text, in lower case hexadecimal, after `sha256:`.
std::string digest_of(std::string_view text);

} // namespace load
