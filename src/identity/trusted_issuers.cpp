#include "identity/trusted_issuers.hpp"

#include "identity/key_set.hpp"
#include "tenant/shared_refresh.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace berth::identity {
namespace {

using Keys = std::vector<VerificationKey>;

constexpr std::chrono::seconds fresh = std::chrono::hours(1);
constexpr std::chrono::seconds usable_at_most = std::chrono::hours(24);
constexpr std::chrono::seconds between_looks = std::chrono::minutes(1);
constexpr std::chrono::seconds between_failures{5};
constexpr std::chrono::seconds patience{10};
constexpr std::uint64_t largest_answer = std::uint64_t{512} << 10;
// Issuers give hours; what is longer was not made for signing in.
constexpr std::chrono::seconds longest_life = std::chrono::hours(25);

std::unexpected<Error> unreachable(const TrustedIssuer& issuer, std::string_view why) {
    return failure(ErrorCode::unavailable,
                   fmt::format("The keys of the trusted issuer '{}' cannot be had: {} Tokens of it cannot "
                               "be checked until then.",
                               issuer.issuer, why));
}

Result<std::string> get(const outbound::CheckedClient& client, const TrustedIssuer& issuer, std::string url) {
    outbound::CheckedRequest request;
    request.url = std::move(url);
    request.headers = {{"Accept", "application/json"}};
    request.answer_limit = largest_answer;
    request.timeout = patience;
    auto answer = client.send(request);
    if (!answer) return unreachable(issuer, answer.error().message);
    if (answer->status != 200) {
        return unreachable(issuer, fmt::format("'{}' answered with status {}.", request.url, answer->status));
    }
    return std::move(answer->body);
}

Result<Keys> fetch_keys(const outbound::CheckedClient& client, const TrustedIssuer& issuer) {
    std::string address = issuer.key_set;
    if (address.empty()) {
        std::string_view base = issuer.issuer;
        while (base.ends_with('/')) base.remove_suffix(1);
        auto metadata = get(client, issuer, fmt::format("{}/.well-known/openid-configuration", base));
        if (!metadata) return failure(std::move(metadata));
        auto stated = parse_key_set_address(*metadata, issuer.issuer);
        if (!stated) return unreachable(issuer, stated.error().message);
        address = std::move(*stated);
    }
    auto set = get(client, issuer, std::move(address));
    if (!set) return failure(std::move(set));
    auto keys = parse_key_set(*set);
    if (!keys) return unreachable(issuer, keys.error().message);
    return keys;
}

// Without a name only the one key there is can be meant.
const VerificationKey* find_key(const Keys& keys, std::string_view id) {
    if (id.empty()) return keys.size() == 1 ? &keys.front() : nullptr;
    const auto found = std::ranges::find(keys, id, &VerificationKey::id);
    return found == keys.end() ? nullptr : &*found;
}

} // namespace

struct TrustedIssuers::Entry {
    TrustedIssuer issuer;
    tenant::SharedRefresh line;
    std::mutex mutex;
    // Under the mutex.
    std::shared_ptr<const Keys> keys;
    Timestamp fetched_at{};
    Timestamp tried_at{};
    Result<void> last; // of the last try

    // Whether there is nothing to be gained by looking now.
    bool is_settled(Timestamp now, std::string_view key_id) {
        const std::lock_guard lock(mutex);
        if (tried_at != Timestamp() && !last && now < tried_at + between_failures) return true;
        if (!keys || now >= fetched_at + fresh) return false;
        return find_key(*keys, key_id) != nullptr || now < tried_at + between_looks;
    }
};

TrustedIssuers::TrustedIssuers(std::vector<TrustedIssuer> issuers, const outbound::CheckedClient& client, WorkerPool& workers,
                               const Clock& clock)
    : client_(client), workers_(workers), clock_(clock) {
    for (TrustedIssuer& issuer : issuers) {
        entries_.push_back(std::make_unique<Entry>());
        entries_.back()->issuer = std::move(issuer);
    }
}

TrustedIssuers::~TrustedIssuers() = default;

const TrustedIssuer* TrustedIssuers::find(std::string_view issuer) const noexcept {
    for (const auto& entry : entries_) {
        if (entry->issuer.issuer == issuer) return &entry->issuer;
    }
    return nullptr;
}

bool TrustedIssuers::takes_tokens() const noexcept {
    return std::ranges::any_of(entries_, [](const auto& entry) { return !entry->issuer.audiences.empty(); });
}

bool TrustedIssuers::takes_tokens_for(std::string_view issuer, std::string_view audience) const noexcept {
    const auto* trusted = find(issuer);
    return trusted != nullptr && std::ranges::any_of(trusted->audiences, [&](std::string_view one) {
               while (one.ends_with('/')) one.remove_suffix(1);
               while (audience.ends_with('/')) audience.remove_suffix(1);
               return one == audience;
           });
}

Task<Result<void>> TrustedIssuers::fetch(Entry& entry, std::string_view key_id) {
    if (entry.is_settled(clock_.now(), key_id)) co_return Result<void>();
    tenant::SharedRefresh::Turn turn(entry.line);
    co_await turn;
    if (!turn.leads()) co_return turn.result();
    Result<void> done;
    if (!entry.is_settled(clock_.now(), key_id)) {
        auto work = [&] { return fetch_keys(client_, entry.issuer); };
        auto working = workers_.run(std::move(work));
        auto keys = co_await working;
        if (!keys) done = std::unexpected(keys.error());
        const std::lock_guard lock(entry.mutex);
        entry.tried_at = clock_.now();
        entry.last = done;
        if (keys) {
            entry.keys = std::make_shared<const Keys>(std::move(*keys));
            entry.fetched_at = entry.tried_at;
        }
    }
    entry.line.finish(turn, done);
    co_return done;
}

Task<Result<void>> TrustedIssuers::verify(const Assertion& token) {
    const auto found = std::ranges::find_if(entries_, [&](const auto& entry) { return entry->issuer.issuer == token.issuer; });
    if (found == entries_.end()) {
        co_return failure(ErrorCode::invalid_credentials,
                          fmt::format("The issuer '{}' is not trusted here. Whoever runs berth can trust it with "
                                      "--trusted-issuer.",
                                      token.issuer));
    }
    Entry& entry = **found;
    const Timestamp now = clock_.now();
    if (auto held = token.check_time(now, longest_life); !held) co_return held;
    auto fetched = co_await fetch(entry, token.key_id);
    std::shared_ptr<const Keys> keys;
    {
        const std::lock_guard lock(entry.mutex);
        if (now < entry.fetched_at + usable_at_most) keys = entry.keys;
        if (!keys && fetched) fetched = entry.last;
    }
    if (!keys) {
        if (!fetched) co_return fetched;
        co_return unreachable(entry.issuer, "it was not reached yet.");
    }
    const VerificationKey* key = find_key(*keys, token.key_id);
    if (key == nullptr) {
        co_return failure(
            ErrorCode::invalid_credentials,
            fmt::format("The issuer '{}' publishes no key '{}' that tokens can be checked with.", token.issuer, token.key_id));
    }
    if (!key->verify(token.token, token.algorithm)) {
        co_return failure(
            ErrorCode::invalid_credentials,
            fmt::format("The signature of the token does not hold under the key '{}' of '{}'.", token.key_id, token.issuer));
    }
    co_return Result<void>();
}

} // namespace berth::identity
