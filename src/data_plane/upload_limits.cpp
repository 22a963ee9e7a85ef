#include "data_plane/upload_limits.hpp"

#include "data_plane/collection/sweeper.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <iterator>
#include <limits>
#include <unordered_set>
#include <utility>

namespace berth::data_plane {
namespace {

// How many bytes are taken ahead of those that come without a length: one look at the limits for so many.
constexpr std::uint64_t ahead = std::uint64_t{1} << 20U;
// So many that rest for too long are forgotten on the way; the rest when it matters.
constexpr std::size_t expired_on_the_way = 64;
constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

// Uploads that go on end soon; those that nobody goes on with do not.
constexpr int wait_for_running = 10;
constexpr int wait_for_resting = 60;

constexpr std::array<std::string_view, 4> settings{"--uploads-per-identity", "--uploads-per-registry",
                                                   "--upload-bytes-per-identity", "--upload-bytes-per-registry"};

bool is_over(std::uint64_t limit, std::uint64_t have, std::uint64_t more) noexcept {
    return limit != 0 && (more > limit || have > limit - more);
}

} // namespace

std::string UploadAccount::to_owner() const { return fmt::format("{} {}", registry, actor); }

UploadLimits::UploadLimits(const Clock& clock, const UploadLimitOptions& options) : clock_(clock), options_(options) {}

std::uint64_t UploadLimits::number(Limit limit) const noexcept {
    switch (limit) {
    case Limit::identity_uploads: return options_.identity_uploads;
    case Limit::registry_uploads: return options_.registry_uploads;
    case Limit::identity_bytes: return options_.identity_bytes;
    case Limit::registry_bytes: break;
    }
    return options_.registry_bytes;
}

Error UploadLimits::refusal(Limit limit, const UploadAccount& account, const Party& party, std::uint64_t total,
                            std::uint64_t more) {
    refused_[static_cast<std::size_t>(limit)].fetch_add(1, std::memory_order_relaxed);
    const bool of_identity = limit == Limit::identity_uploads || limit == Limit::identity_bytes;
    const bool of_bytes = limit == Limit::identity_bytes || limit == Limit::registry_bytes;
    const std::string whose = of_identity ? fmt::format("the identity '{}'", account.actor_name)
                                          : fmt::format("the registry '{}'", account.registry_name);
    const std::string_view setting = settings[static_cast<std::size_t>(limit)];
    const std::uint64_t most = number(limit);
    if (of_bytes && total > most) {
        return {ErrorCode::payload_too_large,
                fmt::format("This upload would have {} bytes, but unfinished uploads of {} may have {} together ({}). Whoever "
                            "runs this registry can raise that.",
                            total, whose, most, setting)};
    }
    const int seconds = party.requests > 0 ? wait_for_running : wait_for_resting;
    const std::string what =
        of_bytes ? fmt::format("the {} unfinished uploads of {} have {} bytes, and {} more would be above the limit of {} ({})",
                               party.uploads, whose, party.bytes, more, most, setting)
                 : fmt::format("{} has {} uploads open, and {} is the limit ({})", whose, party.uploads, most, setting);
    return {ErrorCode::too_many_requests,
            fmt::format("Too many requests: {}. Finish uploads, or cancel them with DELETE at their Location, and try again in "
                        "{} s. An upload that nobody goes on with is forgotten {} hours after its last byte, and after {} "
                        "minutes if it has none. Whoever runs this registry can raise the limit.",
                        what, seconds, upload_rest_limit.count(), rest_without_bytes.count()),
            boost::json::object{{"retryAfter", seconds}}};
}

Result<void> UploadLimits::admit(const UploadAccount& account, Timestamp now) {
    expire(now, expired_on_the_way);
    struct Check {
        Limit limit;
        const Parties& parties;
        std::string_view key;
    };
    for (const Check& check : {Check{Limit::identity_uploads, identities_, account.actor},
                               Check{Limit::registry_uploads, registries_, account.registry}}) {
        for (bool expired = false;; expired = true) {
            const auto found = check.parties.find(check.key);
            if (found == check.parties.end() || !is_over(number(check.limit), found->second.uploads, 1)) break;
            if (expired) return std::unexpected(refusal(check.limit, account, found->second, 0, 1));
            expire(now, all);
        }
    }
    return {};
}

Result<void> UploadLimits::admit_bytes(const Entry& upload, const UploadAccount& account, std::uint64_t total,
                                       std::uint64_t more) {
    const auto check = [&](Limit limit, const Party& party) -> Result<void> {
        if (!is_over(number(limit), party.bytes, more)) return {};
        return std::unexpected(refusal(limit, account, party, total, more));
    };
    if (auto room = check(Limit::identity_bytes, upload.second.identity->second); !room) return room;
    return check(Limit::registry_bytes, upload.second.registry->second);
}

UploadLimits::Entry& UploadLimits::add(const storage::UploadId& id, std::string_view registry, std::string_view actor) {
    const auto party = [](Parties& parties, std::string_view key) -> Parties::value_type& {
        auto found = parties.find(key);
        if (found == parties.end()) found = parties.emplace(std::string(key), Party{}).first;
        ++found->second.uploads;
        return *found;
    };
    auto& upload = *uploads_.try_emplace(id).first;
    upload.second.identity = &party(identities_, actor);
    upload.second.registry = &party(registries_, registry);
    return upload;
}

void UploadLimits::add_bytes(Upload& upload, std::uint64_t more, std::uint64_t less) {
    for (std::uint64_t* bytes : {&upload.identity->second.bytes, &upload.registry->second.bytes, &bytes_}) {
        *bytes += more;
        *bytes -= less;
    }
}

void UploadLimits::rest(Entry& upload, Timestamp now) {
    upload.second.used_at = now;
    if (upload.second.kept > 0) return;
    if (!upload.second.given_out || upload.second.ended) return erase(upload);
    upload.second.resting = resting_.insert(resting_.end(), &upload);
    upload.second.rests_without_bytes = true;
}

void UploadLimits::stop_resting(Upload& upload) {
    if (upload.rests_without_bytes) resting_.erase(upload.resting);
    upload.rests_without_bytes = false;
}

void UploadLimits::erase(Entry& upload) {
    stop_resting(upload.second);
    add_bytes(upload.second, 0, upload.second.kept);
    const auto leave = [](Parties& parties, Parties::value_type& party) {
        if (--party.second.uploads == 0) parties.erase(parties.find(party.first));
    };
    leave(identities_, *upload.second.identity);
    leave(registries_, *upload.second.registry);
    uploads_.erase(uploads_.find(upload.first));
}

void UploadLimits::expire(Timestamp now, std::size_t most) {
    const Timestamp before = now - rest_without_bytes;
    for (; most > 0 && !resting_.empty(); --most) {
        if (resting_.front()->second.used_at >= before && resting_.size() <= most_without_bytes) return;
        erase(*resting_.front());
    }
}

Result<void> UploadLimits::begin(const storage::UploadId& id, const UploadAccount& account) {
    const Timestamp now = clock_.now();
    const std::lock_guard lock(mutex_);
    if (auto admitted = admit(account, now); !admitted) return admitted;
    auto& upload = add(id, account.registry, account.actor);
    upload.second.given_out = true;
    rest(upload, now);
    return {};
}

Result<UploadUse> UploadLimits::use(const storage::UploadId& id, const UploadAccount& account, bool has_bytes,
                                    std::uint64_t total) {
    const Timestamp now = clock_.now();
    const std::lock_guard lock(mutex_);
    const auto found = uploads_.find(id);
    if (found == uploads_.end() && !has_bytes) {
        if (auto admitted = admit(account, now); !admitted) return failure(std::move(admitted));
    }
    Entry& upload = found != uploads_.end() ? *found : add(id, account.registry, account.actor);
    const std::uint64_t more = total > upload.second.kept ? total - upload.second.kept : 0;
    if (more > 0) {
        if (auto room = admit_bytes(upload, account, total, more); !room) {
            if (upload.second.requests == 0 && !upload.second.rests_without_bytes) rest(upload, now);
            return failure(std::move(room));
        }
        add_bytes(upload.second, more, 0);
    }
    stop_resting(upload.second);
    ++upload.second.requests;
    ++upload.second.identity->second.requests;
    ++upload.second.registry->second.requests;
    UploadUse out(*this, upload, account);
    out.reserved_ = more;
    out.ceiling_ = upload.second.kept + more;
    return Result<UploadUse>(std::move(out));
}

void UploadLimits::restore(const std::vector<storage::PausedUpload>& uploads) {
    const Timestamp now = clock_.now();
    const std::lock_guard lock(mutex_);
    for (const auto& one : uploads) {
        const std::size_t space = one.owner.find(' ');
        // An import's own: it is no client's, and queues are what limits imports.
        if (space == std::string::npos || one.size == 0 || uploads_.contains(one.id)) continue;
        const std::string_view owner = one.owner;
        auto& upload = add(one.id, owner.substr(0, space), owner.substr(space + 1));
        upload.second.given_out = true;
        upload.second.kept = one.size;
        upload.second.used_at = now;
        add_bytes(upload.second, one.size, 0);
    }
}

void UploadLimits::keep_only(const std::vector<storage::UploadId>& left, Timestamp since) {
    const std::unordered_set<storage::UploadId> there(left.begin(), left.end());
    const std::lock_guard lock(mutex_);
    for (auto next = uploads_.begin(); next != uploads_.end();) {
        auto& upload = *next++;
        if (upload.second.requests > 0 || upload.second.kept == 0 || upload.second.used_at >= since) continue;
        if (!there.contains(upload.first)) erase(upload);
    }
}

UploadLimits::Totals UploadLimits::totals() {
    const Timestamp now = clock_.now();
    const std::lock_guard lock(mutex_);
    expire(now, all);
    return {.uploads = uploads_.size(), .bytes = bytes_};
}

void UploadLimits::write_metrics(std::string& out) {
    const Totals now = totals();
    auto to = std::back_inserter(out);
    fmt::format_to(to,
                   "# HELP berth_open_uploads Uploads that were begun and are not finished.\n"
                   "# TYPE berth_open_uploads gauge\n"
                   "berth_open_uploads {}\n"
                   "# HELP berth_open_upload_bytes Bytes that these have, and that requests at work on them have announced.\n"
                   "# TYPE berth_open_upload_bytes gauge\n"
                   "berth_open_upload_bytes {}\n"
                   "# HELP berth_refused_uploads_total Requests refused for a limit of open uploads.\n"
                   "# TYPE berth_refused_uploads_total counter\n",
                   now.uploads, now.bytes);
    constexpr std::array<std::string_view, limits> labels{"of=\"identity\",limit=\"uploads\"",
                                                          "of=\"registry\",limit=\"uploads\"",
                                                          "of=\"identity\",limit=\"bytes\"", "of=\"registry\",limit=\"bytes\""};
    for (std::size_t limit = 0; limit < limits; ++limit) {
        fmt::format_to(to, "berth_refused_uploads_total{{{}}} {}\n", labels[limit],
                       refused_[limit].load(std::memory_order_relaxed));
    }
}

UploadUse::UploadUse(UploadUse&& other) noexcept
    : limits_(std::exchange(other.limits_, nullptr)), upload_(other.upload_), account_(other.account_),
      reserved_(other.reserved_), ceiling_(other.ceiling_) {}

UploadUse::~UploadUse() {
    if (limits_ == nullptr) return;
    const Timestamp now = limits_->clock_.now();
    const std::lock_guard lock(limits_->mutex_);
    auto& upload = upload_->second;
    limits_->add_bytes(upload, 0, reserved_);
    --upload.identity->second.requests;
    --upload.registry->second.requests;
    if (--upload.requests == 0) limits_->rest(*upload_, now);
}

void UploadUse::found(std::uint64_t kept) {
    const std::lock_guard lock(limits_->mutex_);
    auto& upload = upload_->second;
    if (upload.ended || upload.kept == kept) return;
    limits_->add_bytes(upload, kept, upload.kept);
    upload.kept = kept;
    ceiling_ = kept + reserved_;
}

Result<void> UploadUse::reserve(std::uint64_t total) {
    if (total <= ceiling_) return {};
    const std::lock_guard lock(limits_->mutex_);
    const std::uint64_t more = total - ceiling_;
    if (auto room = limits_->admit_bytes(*upload_, account_, total, more); !room) return room;
    limits_->add_bytes(upload_->second, more, 0);
    reserved_ += more;
    ceiling_ = total;
    return {};
}

Result<void> UploadUse::reserve_as_it_comes(std::uint64_t total) {
    if (total <= ceiling_) return {};
    {
        const std::lock_guard lock(limits_->mutex_);
        const auto& upload = upload_->second;
        const std::uint64_t more = total - ceiling_ + ahead;
        if (!is_over(limits_->options_.identity_bytes, upload.identity->second.bytes, more) &&
            !is_over(limits_->options_.registry_bytes, upload.registry->second.bytes, more)) {
            limits_->add_bytes(upload_->second, more, 0);
            reserved_ += more;
            ceiling_ += more;
            return {};
        }
    }
    return reserve(total);
}

void UploadUse::keep(std::uint64_t kept) {
    const std::lock_guard lock(limits_->mutex_);
    auto& upload = upload_->second;
    upload.given_out = true;
    const std::uint64_t left = upload.ended ? 0 : kept;
    limits_->add_bytes(upload, left, upload.kept + reserved_);
    upload.kept = left;
    reserved_ = 0;
    ceiling_ = left;
}

bool UploadUse::end() {
    const std::lock_guard lock(limits_->mutex_);
    auto& upload = upload_->second;
    const bool others = upload.requests > 1 || upload.kept > 0;
    limits_->add_bytes(upload, 0, upload.kept + reserved_);
    upload.kept = 0;
    reserved_ = 0;
    upload.ended = true;
    return others;
}

} // namespace berth::data_plane
