#include "identity/credentials.hpp"

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "identity/keyed_hash.hpp"
#include "identity/remembered.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>

namespace berth::identity {
namespace {

using storage::Session;

constexpr std::size_t longest_name = 256;
constexpr std::size_t longest_secret = 1024;
constexpr std::chrono::minutes memory_lifetime{5};
constexpr std::size_t memory_capacity = 4096;
// Each password being hashed holds 32 MiB and a worker: more at once would starve everything else that workers do.
constexpr int max_slow_hashes = 8;
constexpr std::size_t max_slow_hashes_per_sign_in = 2;
constexpr std::array<std::string_view, 2> admin_password_names{"password", "password2"};

std::unexpected<Error> wrong_credentials() {
    return failure(ErrorCode::invalid_credentials, "The name or the secret is wrong, or the secret has expired.");
}

struct Verified {
    Guid id; // of the principal, or of the registry whose admin user it is
    Timestamp until{};
    std::uint64_t generation = 0;
};

class Counted {
public:
    explicit Counted(std::atomic<int>& count) noexcept : count_(count), number_(count.fetch_add(1) + 1) {}
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { count_.fetch_sub(1); }
    int number() const noexcept { return number_; }

private:
    std::atomic<int>& count_;
    int number_;
};

std::string password_purpose(const tenant::Registry& registry, std::string_view name) {
    return fmt::format("admin-password/{}/{}", registry.id.value(), name);
}

using NamedSecrets = std::vector<std::pair<std::string, Secret>>;

// In the order of their names, which is `password`, `password2`.
Result<NamedSecrets> read_admin_passwords(Session& session, const Seal& seal, const tenant::Registry& registry) {
    NamedSecrets out;
    auto rows = session.query("select name, sealed from registry_passwords where registry_id = ?1 order by name", registry.row);
    if (!rows) return failure(std::move(rows));
    while (true) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        auto plain = seal.unseal(password_purpose(registry, rows->text(0)), rows->bytes(1));
        if (!plain) {
            return failure(ErrorCode::internal, "The passwords of the admin user cannot be unsealed: the key file does "
                                                "not belong to this database. Put back the key file that was beside it.");
        }
        out.emplace_back(rows->text(0), Secret(std::string(as_text(*plain))));
        OPENSSL_cleanse(plain->data(), plain->size());
    }
}

// What an unknown user's password is compared with.
const std::string& slow_hash_of_nobody() {
    static const std::string hash = hash_password(random_secret());
    return hash;
}

} // namespace

struct Credentials::Memory {
    KeyedHash hash;
    Remembered<Verified> verified{memory_capacity};
    // Rises with every change of a secret. A check that began before the change cannot be remembered after it.
    std::atomic<std::uint64_t> generation = 0;
    std::atomic<int> slow_hashes = 0;

    std::shared_ptr<const Verified> find(const MemoryKey& key, Timestamp now) {
        auto found = verified.find(key);
        if (!found || found->generation != generation.load(std::memory_order_acquire) || found->until <= now) {
            return nullptr;
        }
        return found;
    }
};

Credentials::Credentials(storage::Database& database, const Seal& seal, WorkerPool& workers, const Clock& clock)
    : database_(database), seal_(seal), workers_(workers), clock_(clock), memory_(std::make_unique<Memory>()) {}

Credentials::~Credentials() = default;

Task<Result<Guid>> Credentials::verify_principal(const tenant::World& world, std::string_view name, std::string_view secret) {
    if (name.size() > longest_name || secret.size() > longest_secret) co_return wrong_credentials();
    const auto application_id = Guid::parse(name);
    const tenant::Principal* principal =
        application_id ? world.find_principal_by_application(*application_id) : world.find_user(name);

    const MemoryKey key = memory_->hash.of({"principal", name, secret});
    const Timestamp now = clock_.now();
    const std::uint64_t generation = memory_->generation.load(std::memory_order_acquire);
    const auto found = memory_->find(key, now);
    if (found && principal != nullptr && principal->id == found->id) {
        if (!principal->enabled) co_return wrong_credentials();
        co_return found->id;
    }

    // An unknown name takes the same way with the id of nobody.
    const Guid id = principal != nullptr ? principal->id : Guid::random();
    auto read = [&](Session& session) { return tenant::valid_credentials(session, id, now); };
    auto reading = database_.read(storage::ReadKind::point, read);
    auto stored = co_await std::move(reading);
    if (!stored) co_return failure(std::move(stored));

    std::optional<Timestamp> matched_until;
    std::vector<const tenant::StoredCredential*> slow;
    for (const auto& credential : *stored) {
        if (is_slow_hash(credential.hash)) {
            slow.push_back(&credential);
        } else if (matches_hash(secret, credential.hash)) {
            matched_until = credential.ends_at;
        }
    }
    if (!matched_until && (!slow.empty() || !application_id)) {
        const Counted counted(memory_->slow_hashes);
        if (counted.number() > max_slow_hashes) {
            co_return failure(ErrorCode::too_many_requests, "Too many sign-ins with passwords at once. Try again in a moment.");
        }
        if (slow.size() > max_slow_hashes_per_sign_in) slow.resize(max_slow_hashes_per_sign_in);
        auto compare = [&]() -> std::optional<Timestamp> {
            if (slow.empty()) (void)matches_hash(secret, slow_hash_of_nobody());
            for (const auto* credential : slow) {
                if (matches_hash(secret, credential->hash)) return credential->ends_at;
            }
            return std::nullopt;
        };
        auto comparing = workers_.run(std::move(compare));
        matched_until = co_await comparing;
    }
    if (!matched_until || principal == nullptr || !principal->enabled) co_return wrong_credentials();
    memory_->verified.insert(
        key, std::make_shared<const Verified>(Verified{id, std::min(*matched_until, now + memory_lifetime), generation}));
    co_return id;
}

Task<Result<void>> Credentials::verify_admin_user(const tenant::Registry& registry, std::string_view name,
                                                  std::string_view secret) {
    if (!registry.admin_user_enabled || secret.size() > longest_secret || !equals_ignoring_case(name, registry.name)) {
        co_return wrong_credentials();
    }
    const MemoryKey key = memory_->hash.of({"admin", registry.id.value(), secret});
    const Timestamp now = clock_.now();
    const std::uint64_t generation = memory_->generation.load(std::memory_order_acquire);
    if (memory_->find(key, now)) co_return Result<void>();

    auto read = [&](Session& session) { return read_admin_passwords(session, seal_, registry); };
    auto reading = database_.read(storage::ReadKind::point, read);
    auto passwords = co_await std::move(reading);
    if (!passwords) co_return failure(std::move(passwords));
    bool matched = false;
    for (const auto& [which, password] : *passwords) matched |= password.equals(secret);
    if (!matched) co_return wrong_credentials();
    memory_->verified.insert(key, std::make_shared<const Verified>(Verified{registry.id, now + memory_lifetime, generation}));
    co_return Result<void>();
}

void Credentials::forget_remembered() noexcept {
    memory_->generation.fetch_add(1, std::memory_order_acq_rel);
    memory_->verified.clear();
}

Task<Result<std::vector<std::pair<std::string, Secret>>>> Credentials::admin_passwords(const tenant::Registry& registry) {
    auto read = [&](Session& session) { return read_admin_passwords(session, seal_, registry); };
    auto reading = database_.read(storage::ReadKind::point, read);
    auto existing = co_await std::move(reading);
    if (!existing || existing->size() == admin_password_names.size()) co_return existing;

    const Timestamp now = clock_.now();
    auto make = [&](Session& session) -> Result<NamedSecrets> {
        for (const std::string_view name : admin_password_names) {
            const Secret secret = random_secret();
            auto inserted = session.execute("insert into registry_passwords(registry_id, name, sealed, created_at) "
                                            "values (?1, ?2, ?3, ?4) on conflict do nothing",
                                            registry.row, name,
                                            seal_.seal(password_purpose(registry, name), as_bytes(secret.reveal())), now);
            if (!inserted) return failure(std::move(inserted));
        }
        return read_admin_passwords(session, seal_, registry);
    };
    auto making = database_.write(make);
    co_return co_await std::move(making);
}

Task<Result<void>> Credentials::regenerate_admin_password(const tenant::Registry& registry, std::string_view which,
                                                          const std::optional<storage::Event>& event) {
    if (std::ranges::find(admin_password_names, which) == admin_password_names.end()) {
        co_return failure(ErrorCode::invalid_parameter,
                          fmt::format("There is no password '{}': use password or password2.", which));
    }
    const Timestamp now = clock_.now();
    auto renew = [&](Session& session) -> Result<void> {
        const Secret secret = random_secret();
        auto kept =
            session.execute("insert into registry_passwords(registry_id, name, sealed, created_at) "
                            "values (?1, ?2, ?3, ?4) on conflict (registry_id, name) do update set "
                            "sealed = excluded.sealed, created_at = excluded.created_at",
                            registry.row, which, seal_.seal(password_purpose(registry, which), as_bytes(secret.reveal())), now);
        if (!kept) return failure(std::move(kept));
        if (event) return storage::append_event(session, now, *event);
        return {};
    };
    auto renewing = database_.write(renew);
    auto renewed = co_await std::move(renewing);
    if (!renewed) co_return failure(std::move(renewed));
    forget_remembered();
    co_return Result<void>();
}

} // namespace berth::identity
