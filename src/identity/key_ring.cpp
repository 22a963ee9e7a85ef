#include "identity/key_ring.hpp"

#include "base/encoding.hpp"
#include "base/shared_slot.hpp"
#include "base/strict_json.hpp"
#include "identity/compact_token.hpp"
#include "identity/signing_key.hpp"
#include "identity/signing_key_seal.hpp"
#include "storage/events.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <vector>

namespace berth::identity {
namespace {

using storage::Session;

// How long a key that signs no more goes on verifying: longer than any token lives.
constexpr std::chrono::hours retirement{24};
constexpr std::array purposes{KeyPurpose::registry, KeyPurpose::directory};

std::string_view to_string(KeyPurpose purpose) noexcept { return purpose == KeyPurpose::registry ? "registry" : "directory"; }

struct RingKey {
    KeyPurpose purpose;
    std::shared_ptr<const SigningKey> key;
    Timestamp created_at{};
    std::optional<Timestamp> retires_at;
};
using Keys = std::vector<RingKey>;

const RingKey* signer_of(const Keys& keys, KeyPurpose purpose) {
    const RingKey* newest = nullptr;
    for (const RingKey& key : keys) {
        if (key.purpose != purpose || key.retires_at) continue;
        if (newest == nullptr || key.created_at > newest->created_at) newest = &key;
    }
    return newest;
}

std::string seal_purpose(KeyPurpose purpose, std::string_view id) { return signing_key_seal(to_string(purpose), id); }

Result<Keys> read_keys(Session& session, const Seal& seal) {
    Keys keys;
    for (const KeyPurpose purpose : purposes) {
        auto rows = session.query(
            "select id, sealed_private_key, created_at, retires_at from signing_keys where purpose = ?1 order by id",
            to_string(purpose));
        if (!rows) return failure(std::move(rows));
        while (true) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) break;
            auto pem = seal.unseal(seal_purpose(purpose, rows->text(0)), rows->bytes(1));
            if (!pem) {
                return failure(ErrorCode::internal,
                               "The signing keys cannot be unsealed: the key file does not belong to this database. Put "
                               "back the key file that was beside it.");
            }
            auto key = SigningKey::from_pem(purpose, as_text(*pem));
            OPENSSL_cleanse(pem->data(), pem->size());
            if (!key) return failure(std::move(key));
            keys.push_back({.purpose = purpose,
                            .key = std::make_shared<const SigningKey>(std::move(*key)),
                            .created_at = rows->time(2),
                            .retires_at = rows->is_null(3) ? std::nullopt : std::optional(rows->time(3))});
        }
    }
    return keys;
}

// The compact JWS of the one key of that purpose among `keys` that it names, once its signature holds.
Result<boost::json::object> verify_with(const Keys& keys, KeyPurpose purpose, std::string_view token, Timestamp now) {
    auto parts = CompactToken::parse(token);
    if (!parts) return failure(std::move(parts));
    const auto named = std::ranges::find_if(keys, [&](const RingKey& key) {
        return key.purpose == purpose && key.key->id() == parts->key_id && (!key.retires_at || now < *key.retires_at);
    });
    if (named == keys.end()) {
        return failure(ErrorCode::invalid_credentials, "The token is signed with a key that is not known here.");
    }
    const SigningKey& key = *named->key;
    // The sizes differ only in tokens that this key never made: the library pads and cuts where the standard is exact.
    if (parts->algorithm != key.algorithm() || parts->signature_size != key.signature_size() || !key.verify(token)) {
        return failure(ErrorCode::invalid_credentials, "The signature of the token does not hold.");
    }
    auto claims = parse_json(parts->payload, {.depth = 8});
    if (!claims || !claims->is_object()) {
        return failure(ErrorCode::invalid_credentials, "The claims of the token are no JSON object.");
    }
    return std::move(claims->get_object());
}

class MemoryKeyRing : public KeyRing {
public:
    explicit MemoryKeyRing(const Clock& clock) : clock_(clock) {}

    Result<std::string> sign(KeyPurpose purpose, const boost::json::object& claims) const override {
        const auto keys = this->keys();
        const RingKey* signer = signer_of(*keys, purpose);
        if (signer == nullptr) return failure(ErrorCode::internal, "There is no signing key.");
        return signer->key->sign(write_claims(claims));
    }

    Result<boost::json::object> verify(KeyPurpose purpose, std::string_view token) const override {
        const auto keys = this->keys();
        return verify_with(*keys, purpose, token, clock_.now());
    }

    boost::json::object key_set(KeyPurpose purpose) const override {
        boost::json::array published;
        const Timestamp now = clock_.now();
        const auto keys = this->keys();
        for (const RingKey& key : *keys) {
            if (key.purpose != purpose || (key.retires_at && *key.retires_at <= now)) continue;
            published.emplace_back(key.key->public_jwk());
        }
        return {{"keys", std::move(published)}};
    }

    Task<Result<void>> rotate_if_due() override { co_return Result<void>(); }

    void set_keys(Keys keys) { keys_.store(std::make_shared<const Keys>(std::move(keys))); }

protected:
    std::shared_ptr<const Keys> keys() const { return keys_.load(); }
    const Clock& clock() const noexcept { return clock_; }

private:
    const Clock& clock_;
    SharedSlot<Keys> keys_{std::make_shared<const Keys>()};
};

class StoredKeyRing final : public MemoryKeyRing {
public:
    StoredKeyRing(storage::Database& database, const Seal& seal, const Clock& clock, std::chrono::seconds rotate_after)
        : MemoryKeyRing(clock), database_(database), seal_(seal), rotate_after_(rotate_after) {}

    Task<Result<void>> rotate_if_due() override {
        const Timestamp now = clock().now();
        struct Loaded {
            Keys keys;
            Keys made;
        };
        // New keys are made in here because a scan runs on a worker, and an RSA key takes long to find.
        auto load = [&](Session& session) -> Result<Loaded> {
            auto keys = read_keys(session, seal_);
            if (!keys) return failure(std::move(keys));
            Loaded out{std::move(*keys), {}};
            for (const KeyPurpose purpose : purposes) {
                const RingKey* signer = signer_of(out.keys, purpose);
                if (signer != nullptr && !is_due(signer->created_at, now)) continue;
                auto key = std::make_shared<const SigningKey>(SigningKey::generate(purpose));
                out.made.push_back({purpose, std::move(key), now, std::nullopt});
            }
            return out;
        };
        auto loading = database_.read(storage::ReadKind::scan, load);
        auto loaded = co_await std::move(loading);
        if (!loaded) co_return failure(std::move(loaded));
        if (!loaded->made.empty()) {
            auto keep = [&](Session& session) { return keep_keys(session, loaded->made, now); };
            auto keeping = database_.write(keep);
            auto kept = co_await std::move(keeping);
            if (!kept) co_return failure(std::move(kept));
            loaded->keys = std::move(*kept);
        }
        set_keys(std::move(loaded->keys));
        co_return Result<void>();
    }

private:
    bool is_due(Timestamp created_at, Timestamp now) const { return created_at + rotate_after_ <= now; }

    // Inserts those keys that are still due (another process may have been faster) and gives all there are then.
    Result<Keys> keep_keys(Session& session, const Keys& made, Timestamp now) const {
        auto current = read_keys(session, seal_);
        if (!current) return failure(std::move(current));
        for (const RingKey& key : made) {
            const RingKey* signer = signer_of(*current, key.purpose);
            if (signer != nullptr && !is_due(signer->created_at, now)) continue;
            auto retired = session.execute("update signing_keys set retires_at = ?2 where purpose = ?1 and retires_at is null",
                                           to_string(key.purpose), now + retirement);
            if (!retired) return failure(std::move(retired));
            const Secret pem = key.key->to_pem();
            auto inserted =
                session.execute("insert into signing_keys(id, purpose, sealed_private_key, created_at, retires_at) "
                                "values (?1, ?2, ?3, ?4, ?5)",
                                key.key->id(), to_string(key.purpose),
                                seal_.seal(seal_purpose(key.purpose, key.key->id()), as_bytes(pem.reveal())), now, nullptr);
            if (!inserted) return failure(std::move(inserted));
            auto left = storage::append_event(session, now,
                                              {.kind = "signingKey.write",
                                               .registry = std::nullopt,
                                               .actor = "berth",
                                               .detail = {{"id", key.key->id()}, {"purpose", to_string(key.purpose)}}});
            if (!left) return failure(std::move(left));
        }
        auto gone = session.execute("delete from signing_keys where retires_at <= ?1", now);
        if (!gone) return failure(std::move(gone));
        return read_keys(session, seal_);
    }

    storage::Database& database_;
    const Seal& seal_;
    std::chrono::seconds rotate_after_;
};

} // namespace

Task<Result<std::unique_ptr<KeyRing>>> KeyRing::load(storage::Database& database, const Seal& seal, const Clock& clock,
                                                     std::chrono::seconds rotate_after) {
    auto ring = std::make_unique<StoredKeyRing>(database, seal, clock, rotate_after);
    auto rotating = ring->rotate_if_due();
    auto loaded = co_await std::move(rotating);
    if (!loaded) co_return failure(std::move(loaded));
    co_return std::unique_ptr<KeyRing>(std::move(ring));
}

std::unique_ptr<KeyRing> KeyRing::in_memory(const Clock& clock) {
    auto ring = std::make_unique<MemoryKeyRing>(clock);
    Keys keys;
    for (const KeyPurpose purpose : purposes) {
        keys.push_back({purpose, std::make_shared<const SigningKey>(SigningKey::generate(purpose)), clock.now(), {}});
    }
    ring->set_keys(std::move(keys));
    return ring;
}

} // namespace berth::identity
