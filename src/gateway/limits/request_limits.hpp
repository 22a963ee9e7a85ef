#pragma once

#include "base/result.hpp"
#include "gateway/limits/bucket_table.hpp"
#include "gateway/limits/budgets.hpp"
#include "gateway/route.hpp"
#include "http/message.hpp"
#include "identity/caller.hpp"
#include "tenant/registry.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::gateway {

/// What is limited. The defaults limit nothing but failed logins.
struct LimitOptions {
    /// Of each principal, repository token and admin user, and of the anonymous callers of each address.
    Budgets identity{};
    /// Of everything that comes from one address (of IPv6 one /64), counted before anybody looks at credentials.
    Budgets address{};
    /// Of what one registry is asked by those who are known and may ask it.
    Budgets registry{};
    /// From one address, a minute; 0: not limited.
    std::uint32_t failed_logins = 600;
};

/// Who may ask how often. The data plane and the rest (ARM, Graph, sign-in) have budgets of their own, of the same size, so
/// that many pulls do not keep an administrator out; health and metrics are never limited. A refusal is
/// `too_many_requests` with `{"retryAfter": seconds}` as its detail. Thread-safe; memory is fixed.
class RequestLimits {
public:
    using Time = BucketTable::Time;

    explicit RequestLimits(const LimitOptions& options);

    /// Counts a request for its address, before authentication; and refuses one that brings a password or a token to
    /// exchange from an address with too many failed logins.
    Result<void> admit(const Route& route, const http::Request& request, Time now);
    /// Counts it for its caller, once that is known.
    Result<void> admit(const Route& route, const identity::Caller& caller, std::string_view address, Time now);
    /// Counts it for the registry, once it is decided that the caller may ask. Anonymous callers are counted by their
    /// address alone, or anybody could use up what a registry has for those who proved who they are.
    Result<void> charge(const Route& route, const identity::Caller& caller, const tenant::Registry& registry, Time now);
    /// Counts a failed login, if the error is one of a request that tried to log in.
    void count_failure(const Route& route, const http::Request& request, const Error& error, Time now);

    /// Appends what was refused to the text for Prometheus.
    void write_metrics(std::string& out) const;

private:
    enum class Budget : std::uint8_t { identity, address, registry, failed_logins };
    static constexpr std::size_t budgets = 4;

    Result<void> take(Budget budget, const Budgets& limits, const Route& route, std::string_view who, std::string_view more,
                      Time now);
    std::uint64_t key(Budget budget, std::uint8_t kind, std::string_view who, std::string_view more) const noexcept;
    Error refusal(Budget budget, RequestKind kind, std::uint32_t per_minute, BucketTable::Wait wait);

    LimitOptions options_;
    std::uint64_t secret_;
    BucketTable buckets_;
    std::array<std::array<std::atomic<std::uint64_t>, request_kinds>, budgets> refused_{};
};

/// The kind of a route's requests, for its budget; nullopt for those that are never limited.
std::optional<RequestKind> kind_of(const Route& route) noexcept;

/// What addresses are counted by: an IPv4 address as it is; of an IPv6 address the /64, which one host has whole.
class AddressPlace {
public:
    explicit AddressPlace(std::string_view address) noexcept;
    AddressPlace(const AddressPlace&) = delete;
    AddressPlace& operator=(const AddressPlace&) = delete;
    std::string_view text() const noexcept { return text_; }

private:
    std::array<char, 8> network_{};
    std::string_view text_; // the address, or `network_`
};

} // namespace berth::gateway
