#include "identity/sign_in_attempts.hpp"

#include "base/encoding.hpp"
#include "base/ip_address.hpp"
#include "identity/handle.hpp"
#include "tenant/columns.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::identity {
namespace {

using storage::Rows;
using storage::Session;

constexpr std::chrono::hours together{1}; // failures further apart are counted from one again
constexpr std::chrono::seconds first_lock{60};
constexpr std::chrono::seconds longest_lock = std::chrono::hours(1);

struct Counter {
    std::string id;
    std::int64_t most;
};

// A host has a whole /64 of IPv6 addresses.
std::string place_of(std::string_view address) {
    const auto parsed = IpAddress::parse(address);
    if (!parsed || parsed->is_v4()) return std::string(address);
    return to_hex(std::as_bytes(std::span(parsed->bytes()).first(8)));
}

std::array<Counter, 3> counters_of(std::string_view name, std::string_view address) {
    const std::string who = to_lower(name);
    const std::string place = place_of(address);
    return {Counter{handle_id(fmt::format("both\n{}\n{}", who, place)), SignInAttempts::failures_of_a_name_from_an_address},
            Counter{handle_id(fmt::format("name\n{}", who)), SignInAttempts::failures_of_a_name},
            Counter{handle_id(fmt::format("address\n{}", place)), SignInAttempts::failures_of_an_address}};
}

struct Count {
    std::int64_t failures = 0;
    Timestamp last_at{};
    Timestamp locked_until{};
};

Result<std::optional<Count>> read_count(Session& session, const std::string& id) {
    const auto read = [](const Rows& rows) -> Result<Count> { return Count{rows.integer(0), rows.time(1), rows.time(2)}; };
    return tenant::find(session, "select failures, last_at, locked_until from sign_in_failures where id = ?1", read, id);
}

} // namespace

Task<Result<void>> SignInAttempts::check(std::string_view name, std::string_view address) {
    const Timestamp now = clock_.now();
    const auto counters = counters_of(name, address);
    auto read = [&](Session& session) -> Result<Timestamp> {
        Timestamp until{};
        for (const Counter& counter : counters) {
            auto count = read_count(session, counter.id);
            if (!count) return failure(std::move(count));
            if (*count) until = std::max(until, (*count)->locked_until);
        }
        return until;
    };
    auto reading = database_.read(storage::ReadKind::point, read);
    auto until = co_await std::move(reading);
    if (!until) co_return failure(std::move(until));
    if (*until > now) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(*until - now).count();
        co_return failure(ErrorCode::too_many_requests,
                          fmt::format("Too many wrong passwords: signing in is locked. Try again in {} seconds.", seconds),
                          boost::json::object{{"retryAfter", seconds}});
    }
    co_return Result<void>();
}

Task<Result<void>> SignInAttempts::failed(std::string_view name, std::string_view address) {
    const Timestamp now = clock_.now();
    const auto counters = counters_of(name, address);
    auto write = [&](Session& session) -> Result<void> {
        auto pruned =
            session.execute("delete from sign_in_failures where last_at < ?1 and locked_until < ?2", now - together, now);
        if (!pruned) return failure(std::move(pruned));
        for (const Counter& counter : counters) {
            auto found = read_count(session, counter.id);
            if (!found) return failure(std::move(found));
            Count count = found->value_or(Count{});
            count.failures += 1;
            if (count.failures >= counter.most) {
                const auto doublings = std::min<std::int64_t>(count.failures - counter.most, 16);
                count.locked_until = now + std::min(first_lock * (std::int64_t{1} << doublings), longest_lock);
            }
            auto written =
                session.execute("insert into sign_in_failures(id, failures, last_at, locked_until) values (?1, ?2, ?3, "
                                "?4) on conflict (id) do update set failures = ?2, last_at = ?3, locked_until = ?4",
                                counter.id, count.failures, now, count.locked_until);
            if (!written) return failure(std::move(written));
        }
        return {};
    };
    auto writing = database_.write(write);
    auto done = co_await std::move(writing);
    co_return done;
}

Task<Result<void>> SignInAttempts::succeeded(std::string_view name, std::string_view address) {
    const std::string id = counters_of(name, address).front().id;
    auto read = [&](Session& session) { return read_count(session, id); };
    auto reading = database_.read(storage::ReadKind::point, read);
    auto count = co_await std::move(reading);
    if (!count) co_return failure(std::move(count));
    if (!*count) co_return Result<void>();
    auto forget = [&](Session& session) -> Result<void> {
        auto done = session.execute("delete from sign_in_failures where id = ?1", id);
        if (!done) return failure(std::move(done));
        return {};
    };
    auto writing = database_.write(forget);
    auto done = co_await std::move(writing);
    co_return done;
}

} // namespace berth::identity
