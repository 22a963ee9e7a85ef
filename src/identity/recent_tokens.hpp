#pragma once

#include "identity/registry_claims.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace berth::identity {

/// Of each thread the last few tokens that it met, with what they say. A client sends one token with many requests: comparing a
/// kilobyte takes a tenth of the time of hashing it, and threads that share nothing do not wait for each other. What is
/// found here has only been verified once; its times, and whether the one it names is still there, are looked at each time.
class RecentTokens {
public:
    RecentTokens() noexcept;

    /// nullptr if this thread has not kept it, or another took its place.
    std::shared_ptr<const RegistryClaims> find(std::string_view token) const;
    /// Longer tokens than most are not kept.
    void keep(std::string_view token, const RegistryClaims& claims) const;

private:
    std::uint64_t id_; // no other of this process has had it
};

} // namespace berth::identity
