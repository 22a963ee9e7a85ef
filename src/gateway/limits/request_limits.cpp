#include "gateway/limits/request_limits.hpp"

#include "base/encoding.hpp"
#include "base/ip_address.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <cstring>
#include <iterator>
#include <random>

namespace berth::gateway {
namespace {

constexpr std::size_t most_buckets = 32'768; // half a MiB
constexpr std::array<std::string_view, 4> budget_names{"identity", "address", "registry", "failed_logins"};

std::uint64_t random_secret() {
    std::random_device source;
    return (std::uint64_t{source()} << 32U) | source();
}

bool is_data_plane(const Route& route) noexcept {
    return route.protocol == Protocol::registry || route.protocol == Protocol::registry_token;
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    hash = (hash ^ (hash >> 29U)) * 0xBF58476D1CE4E5B9U;
    return hash ^ (hash >> 32U);
}

std::uint64_t mix(std::uint64_t hash, std::string_view text) noexcept {
    hash = mix(hash, text.size());
    while (!text.empty()) {
        std::uint64_t word = 0;
        const std::size_t count = std::min(text.size(), sizeof(word));
        std::memcpy(&word, text.data(), count);
        hash = mix(hash, word);
        text.remove_prefix(count);
    }
    return hash;
}

// A password, a secret or a token to exchange: what somebody who guesses would send.
bool tries_to_log_in(const Route& route, const http::Request& request) noexcept {
    const auto authorization = request.headers.find("authorization");
    switch (route.protocol) {
    case Protocol::registry: return authorization && starts_with_ignoring_case(*authorization, "basic ");
    case Protocol::registry_token: return authorization || request.method == http::Method::post;
    case Protocol::sign_in: return request.method == http::Method::post;
    case Protocol::resource_manager:
    case Protocol::graph:
    case Protocol::berth: break;
    }
    return false;
}

std::string_view whose(std::string_view budget) noexcept {
    if (budget == "identity") return "This identity has";
    return budget == "registry" ? "This registry has" : "The address that this request comes from has";
}

} // namespace

std::optional<RequestKind> kind_of(const Route& route) noexcept {
    if (route.protocol == Protocol::berth) return std::nullopt;
    if (route.protocol == Protocol::registry_token) return RequestKind::oauth;
    if (route.id == "referrer.list") return RequestKind::referrers;
    switch (route.method) {
    case http::Method::put:
    case http::Method::patch:
    case http::Method::post: return route.protocol == Protocol::sign_in ? RequestKind::oauth : RequestKind::write;
    case http::Method::delete_: return RequestKind::delete_;
    default: return RequestKind::read;
    }
}

AddressPlace::AddressPlace(std::string_view address) noexcept : text_(address) {
    if (address.find(':') == std::string_view::npos) return;
    const auto parsed = IpAddress::parse(address);
    if (!parsed || parsed->is_v4()) return;
    std::memcpy(network_.data(), parsed->bytes().data(), network_.size());
    text_ = {network_.data(), network_.size()};
}

RequestLimits::RequestLimits(const LimitOptions& options)
    : options_(options), secret_(random_secret()), buckets_(most_buckets) {}

std::uint64_t RequestLimits::key(Budget budget, std::uint8_t kind, std::string_view who, std::string_view more) const noexcept {
    const std::uint64_t first = mix(secret_, (static_cast<std::uint64_t>(budget) << 8U) | kind);
    return mix(mix(mix(first, who), more), secret_);
}

Error RequestLimits::refusal(Budget budget, RequestKind kind, std::uint32_t per_minute, BucketTable::Wait wait) {
    refused_[static_cast<std::size_t>(budget)][static_cast<std::size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    const std::string_view name = budget_names[static_cast<std::size_t>(budget)];
    std::string message =
        budget == Budget::failed_logins
            ? fmt::format("Too many requests: {} failed logins came from this address within a minute. Try again in {} s.",
                          per_minute, seconds)
            : fmt::format("Too many requests. {} used up its {} requests of kind '{}' a minute. Try again in {} s.",
                          whose(name), per_minute, to_string(kind), seconds);
    return Error{ErrorCode::too_many_requests, std::move(message), boost::json::object{{"retryAfter", seconds}}};
}

Result<void> RequestLimits::take(Budget budget, const Budgets& limits, const Route& route, std::string_view who,
                                 std::string_view more, Time now) {
    const auto kind = kind_of(route);
    if (!kind) return {};
    const auto take_one = [&](RequestKind one) -> Result<void> {
        const std::uint32_t per_minute = limits.of(one);
        if (per_minute == 0) return {};
        const auto which = static_cast<std::uint8_t>((static_cast<unsigned>(one) << 1U) | (is_data_plane(route) ? 1U : 0U));
        if (const auto wait = buckets_.take(key(budget, which, who, more), per_minute, now)) {
            return std::unexpected(refusal(budget, one, per_minute, *wait));
        }
        return {};
    };
    if (auto taken = take_one(*kind); !taken || *kind != RequestKind::referrers) return taken;
    return take_one(RequestKind::read);
}

Result<void> RequestLimits::admit(const Route& route, const http::Request& request, Time now) {
    const bool guards_logins = options_.failed_logins > 0 && tries_to_log_in(route, request);
    const bool counts = options_.address.any();
    if (!guards_logins && !counts) return {};
    const AddressPlace place(request.remote_address);
    if (guards_logins) {
        if (const auto wait = buckets_.look(key(Budget::failed_logins, 0, place.text(), {}), options_.failed_logins, now)) {
            return std::unexpected(refusal(Budget::failed_logins, RequestKind::oauth, options_.failed_logins, *wait));
        }
    }
    if (!counts) return {};
    return take(Budget::address, options_.address, route, place.text(), {}, now);
}

Result<void> RequestLimits::admit(const Route& route, const identity::Caller& caller, std::string_view address, Time now) {
    if (!options_.identity.any()) return {};
    const AddressPlace place(address);
    std::string_view who = place.text();
    std::string_view more;
    switch (caller.kind) {
    case identity::CallerKind::anonymous: break;
    case identity::CallerKind::principal: who = caller.principal->value(); break;
    case identity::CallerKind::repository_token: who = caller.token->value(); break;
    case identity::CallerKind::admin_user:
        who = caller.registry->value();
        more = "admin";
        break;
    }
    return take(Budget::identity, options_.identity, route, who, more, now);
}

Result<void> RequestLimits::charge(const Route& route, const identity::Caller& caller, const tenant::Registry& registry,
                                   Time now) {
    if (caller.kind == identity::CallerKind::anonymous || !options_.registry.any()) return {};
    return take(Budget::registry, options_.registry, route, registry.id.value(), {}, now);
}

void RequestLimits::count_failure(const Route& route, const http::Request& request, const Error& error, Time now) {
    if (options_.failed_logins == 0) return;
    const bool failed = error.code == ErrorCode::invalid_credentials ||
                        (route.protocol == Protocol::sign_in && error.protocol_code == "invalid_grant");
    if (!failed || !tries_to_log_in(route, request)) return;
    const AddressPlace place(request.remote_address);
    // An empty bucket refuses the next ones; those that were already under way cannot make it emptier.
    (void)buckets_.take(key(Budget::failed_logins, 0, place.text(), {}), options_.failed_logins, now);
}

void RequestLimits::write_metrics(std::string& out) const {
    auto to = std::back_inserter(out);
    fmt::format_to(to, "# HELP berth_limited_requests_total Requests refused with 429, by whose budget was used up.\n"
                       "# TYPE berth_limited_requests_total counter\n");
    for (std::size_t budget = 0; budget < budgets; ++budget) {
        for (std::size_t kind = 0; kind < request_kinds; ++kind) {
            const auto count = refused_[budget][kind].load(std::memory_order_relaxed);
            if (count == 0) continue;
            fmt::format_to(to, "berth_limited_requests_total{{budget=\"{}\",kind=\"{}\"}} {}\n", budget_names[budget],
                           to_string(static_cast<RequestKind>(kind)), count);
        }
    }
}

} // namespace berth::gateway
