#include "identity/credentials.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"
#include "identity/keyed_hash.hpp"
#include "identity/outside_accounts.hpp"
#include "identity/remembered.hpp"
#include "tenant/federated_credential_store.hpp"
#include "tenant/token_store.hpp"

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
    Guid id;            // of the principal, of the registry whose admin user it is, or of the repository token
    std::string secret; // which of theirs
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

// A password that is made anew under its name is another one.
std::string password_identity(std::string_view name, Timestamp created_at) {
    return fmt::format("{}@{}", name, to_microseconds(created_at));
}

struct AdminPassword {
    std::string name;
    Secret secret;
    Timestamp created_at{};
};

using NamedSecrets = std::vector<std::pair<std::string, Secret>>;

// In the order of their names, which is `password`, `password2`.
Result<std::vector<AdminPassword>> read_admin_passwords(Session& session, const Seal& seal, const tenant::Registry& registry) {
    std::vector<AdminPassword> out;
    auto rows = session.query("select name, sealed, created_at from registry_passwords where registry_id = ?1 order by name",
                              registry.row);
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
        out.push_back({std::string(rows->text(0)), Secret(std::string(as_text(*plain))), rows->time(2)});
        OPENSSL_cleanse(plain->data(), plain->size());
    }
}

NamedSecrets named(std::vector<AdminPassword> passwords) {
    NamedSecrets out;
    for (AdminPassword& one : passwords) out.emplace_back(std::move(one.name), std::move(one.secret));
    return out;
}

struct Trusted {
    std::vector<std::string> issuers;
    std::vector<std::string> group_sources;
    std::string sign_in_provider;
};

Result<std::optional<Timestamp>> principal_secret_holds_until(Session& session, const Trusted& trusted, const Caller& caller,
                                                              Timestamp now) {
    if (caller.secret == outside_account_secret) {
        auto there = has_outside_account(session, *caller.principal, trusted.sign_in_provider);
        if (!there) return failure(std::move(there));
        return *there ? std::optional(Timestamp::max()) : std::nullopt;
    }
    if (tenant::is_federated_secret(caller.secret)) {
        auto credential = tenant::find_federated_secret(session, *caller.principal, caller.secret);
        if (!credential) return failure(std::move(credential));
        if (!*credential || std::ranges::find(trusted.issuers, (*credential)->issuer) == trusted.issuers.end()) {
            return std::nullopt;
        }
        return Timestamp::max(); // they have no end of their own
    }
    return tenant::credential_holds_until(session, *caller.principal, caller.secret, now);
}

Result<void> check_groups(const Trusted& trusted, const OutsideGroups& groups, Timestamp now) {
    if (groups.empty()) return {};
    const bool counts = std::ranges::find(trusted.group_sources, groups.source) != trusted.group_sources.end();
    if (counts && now < groups.until) return {};
    return failure(ErrorCode::invalid_credentials,
                   counts ? "What an outside issuer said of the groups of this identity has expired. Log in again."
                          : "The outside issuer that put this identity into groups is not trusted to do so any more. Log in "
                            "again.");
}

// Until when the secret behind a caller holds; nothing if it is gone.
Result<std::optional<Timestamp>> secret_holds_until(Session& session, const tenant::World& world, const Trusted& trusted,
                                                    const Caller& caller, Timestamp now) {
    switch (caller.kind) {
    case CallerKind::anonymous: break;
    case CallerKind::principal: return principal_secret_holds_until(session, trusted, caller, now);
    case CallerKind::admin_user: {
        const auto* registry = world.find_registry(*caller.registry);
        if (registry == nullptr) break;
        auto rows = session.query("select name, created_at from registry_passwords where registry_id = ?1", registry->row);
        if (!rows) return failure(std::move(rows));
        while (true) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) break;
            if (password_identity(rows->text(0), rows->time(1)) == caller.secret) return Timestamp::max();
        }
        break;
    }
    case CallerKind::repository_token: {
        const auto* token = world.find_token(*caller.token);
        if (token == nullptr) break;
        auto stored = tenant::valid_token_passwords(session, token->row, now);
        if (!stored) return failure(std::move(stored));
        for (const auto& password : *stored) {
            if (password_identity(password.name, password.created_at) == caller.secret) {
                return password.ends_at.value_or(Timestamp::max());
            }
        }
        break;
    }
    }
    return std::nullopt;
}

std::unexpected<Error> secret_gone() {
    return failure(ErrorCode::invalid_credentials,
                   "The secret that this token was made with has been removed or replaced or has expired. Log in with a new "
                   "one.");
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
    Trusted trusted;

    std::shared_ptr<const Verified> find(const MemoryKey& key, Timestamp now) {
        auto found = verified.find(key);
        if (!found || found->generation != generation.load(std::memory_order_acquire) || found->until <= now) {
            return nullptr;
        }
        return found;
    }
    void remember(const MemoryKey& key, const Guid& id, const std::string& secret, Timestamp until, std::uint64_t began) {
        verified.insert(key, std::make_shared<const Verified>(Verified{id, secret, until, began}));
    }
};

Credentials::Credentials(storage::Database& database, const Seal& seal, WorkerPool& workers, const Clock& clock)
    : database_(database), seal_(seal), workers_(workers), clock_(clock), attempts_(database, clock),
      memory_(std::make_unique<Memory>()) {}

Credentials::~Credentials() = default;

void Credentials::set_trusted(std::span<const TrustedIssuer> issuers, std::string sign_in_provider) {
    Trusted& trusted = memory_->trusted;
    trusted = {.issuers = {}, .group_sources = {}, .sign_in_provider = std::move(sign_in_provider)};
    for (const TrustedIssuer& one : issuers) {
        trusted.issuers.push_back(one.issuer);
        if (!one.groups_claim.empty()) trusted.group_sources.push_back(one.group_source());
    }
}

Task<Result<VerifiedPrincipal>> Credentials::verify_principal(const tenant::World& world, std::string_view name,
                                                              std::string_view secret, std::string_view address) {
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
        co_return VerifiedPrincipal{found->id, found->secret};
    }

    // An unknown name takes the same way with the id of nobody.
    const Guid id = principal != nullptr ? principal->id : Guid::random();
    auto read = [&](Session& session) { return tenant::valid_credentials(session, id, now); };
    auto reading = database_.read(storage::ReadKind::point, read);
    auto stored = co_await std::move(reading);
    if (!stored) co_return failure(std::move(stored));

    // Guessing is for what people choose: a generated secret has 240 bits.
    const bool can_be_guessed = !application_id;
    if (can_be_guessed) {
        auto open = co_await attempts_.check(name, address);
        if (!open) co_return failure(std::move(open));
    }
    const tenant::StoredCredential* matched = nullptr;
    std::vector<const tenant::StoredCredential*> slow;
    for (const auto& credential : *stored) {
        if (is_slow_hash(credential.hash)) {
            slow.push_back(&credential);
        } else if (matches_hash(secret, credential.hash)) {
            matched = &credential;
        }
    }
    if (matched == nullptr && (!slow.empty() || !application_id)) {
        const Counted counted(memory_->slow_hashes);
        if (counted.number() > max_slow_hashes) {
            co_return failure(ErrorCode::too_many_requests, "Too many sign-ins with passwords at once. Try again in a moment.");
        }
        if (slow.size() > max_slow_hashes_per_sign_in) slow.resize(max_slow_hashes_per_sign_in);
        auto compare = [&]() -> const tenant::StoredCredential* {
            if (slow.empty()) (void)matches_hash(secret, slow_hash_of_nobody());
            for (const auto* credential : slow) {
                if (matches_hash(secret, credential->hash)) return credential;
            }
            return nullptr;
        };
        auto comparing = workers_.run(std::move(compare));
        matched = co_await comparing;
    }
    if (can_be_guessed) {
        auto counted = Result<void>();
        if (matched == nullptr) {
            counted = co_await attempts_.failed(name, address);
        } else {
            counted = co_await attempts_.succeeded(name, address);
        }
        if (!counted) co_return failure(std::move(counted));
    }
    if (matched == nullptr || principal == nullptr || !principal->enabled) co_return wrong_credentials();
    VerifiedPrincipal out{id, matched->key_id.value()};
    memory_->remember(key, out.id, out.secret, std::min(matched->ends_at, now + memory_lifetime), generation);
    co_return out;
}

Task<Result<std::string>> Credentials::verify_admin_user(const tenant::Registry& registry, std::string_view name,
                                                         std::string_view secret) {
    if (!registry.admin_user_enabled || secret.size() > longest_secret || !equals_ignoring_case(name, registry.name)) {
        co_return wrong_credentials();
    }
    const MemoryKey key = memory_->hash.of({"admin", registry.id.value(), secret});
    const Timestamp now = clock_.now();
    const std::uint64_t generation = memory_->generation.load(std::memory_order_acquire);
    if (const auto found = memory_->find(key, now)) co_return found->secret;

    auto read = [&](Session& session) { return read_admin_passwords(session, seal_, registry); };
    auto reading = database_.read(storage::ReadKind::point, read);
    auto passwords = co_await std::move(reading);
    if (!passwords) co_return failure(std::move(passwords));
    std::string which;
    for (const AdminPassword& password : *passwords) {
        if (password.secret.equals(secret)) which = password_identity(password.name, password.created_at);
    }
    if (which.empty()) co_return wrong_credentials();
    memory_->remember(key, registry.id, which, now + memory_lifetime, generation);
    co_return which;
}

Task<Result<std::string>> Credentials::verify_repository_token(const tenant::RegistryToken& token, std::string_view secret) {
    if (!token.enabled || secret.size() > longest_secret) co_return wrong_credentials();
    const MemoryKey key = memory_->hash.of({"token", token.id.value(), secret});
    const Timestamp now = clock_.now();
    const std::uint64_t generation = memory_->generation.load(std::memory_order_acquire);
    if (const auto found = memory_->find(key, now)) co_return found->secret;

    auto read = [&](Session& session) { return tenant::valid_token_passwords(session, token.row, now); };
    auto reading = database_.read(storage::ReadKind::point, read);
    auto passwords = co_await std::move(reading);
    if (!passwords) co_return failure(std::move(passwords));
    const tenant::TokenPassword* matched = nullptr;
    for (const tenant::TokenPassword& password : *passwords) {
        if (matches_hash(secret, password.hash)) matched = &password;
    }
    if (matched == nullptr) co_return wrong_credentials();
    std::string which = password_identity(matched->name, matched->created_at);
    memory_->remember(key, token.id, which, std::min(matched->ends_at.value_or(Timestamp::max()), now + memory_lifetime),
                      generation);
    co_return which;
}

Task<Result<void>> Credentials::check_secret(const tenant::World& world, const Caller& caller) {
    if (auto counts = check_groups(memory_->trusted, caller.outside_groups, clock_.now()); !counts) co_return counts;
    if (caller.secret.empty()) co_return Result<void>();
    const Guid& owner = caller.principal ? *caller.principal : caller.token ? *caller.token : *caller.registry;
    const MemoryKey key = memory_->hash.of({"which", owner.value(), caller.secret});
    const Timestamp now = clock_.now();
    const std::uint64_t generation = memory_->generation.load(std::memory_order_acquire);
    if (memory_->find(key, now)) co_return Result<void>();

    auto read = [&](Session& session) { return secret_holds_until(session, world, memory_->trusted, caller, now); };
    auto reading = database_.read(storage::ReadKind::point, read);
    auto until = co_await std::move(reading);
    if (!until) co_return failure(std::move(until));
    if (!*until) co_return secret_gone();
    memory_->remember(key, owner, caller.secret, std::min(**until, now + memory_lifetime), generation);
    co_return Result<void>();
}

Result<void> Credentials::check_secret_in(Session& session, const tenant::World& world, const Caller& caller) const {
    const Timestamp now = clock_.now();
    if (auto counts = check_groups(memory_->trusted, caller.outside_groups, now); !counts) return counts;
    if (caller.secret.empty()) return {};
    auto until = secret_holds_until(session, world, memory_->trusted, caller, now);
    if (!until) return failure(std::move(until));
    if (!*until) return secret_gone();
    return {};
}

void Credentials::forget_remembered() noexcept {
    memory_->generation.fetch_add(1, std::memory_order_acq_rel);
    memory_->verified.clear();
}

Task<Result<std::vector<std::pair<std::string, Secret>>>> Credentials::admin_passwords(const tenant::Registry& registry) {
    auto read = [&](Session& session) { return read_admin_passwords(session, seal_, registry); };
    auto reading = database_.read(storage::ReadKind::point, read);
    auto existing = co_await std::move(reading);
    if (!existing) co_return failure(std::move(existing));
    if (existing->size() == admin_password_names.size()) co_return named(std::move(*existing));

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
        auto made = read_admin_passwords(session, seal_, registry);
        if (!made) return failure(std::move(made));
        return named(std::move(*made));
    };
    auto making = database_.write(make);
    co_return co_await std::move(making);
}

Task<Result<void>> Credentials::regenerate_admin_password(const tenant::Registry& registry, std::string_view which,
                                                          std::function<Result<void>(storage::Session&)> beside) {
    if (std::ranges::find(admin_password_names, which) == admin_password_names.end()) {
        co_return failure(ErrorCode::invalid_parameter,
                          fmt::format("There is no password '{}': use password or password2.", which));
    }
    const Timestamp now = clock_.now();
    auto renew = [&](Session& session) -> Result<void> {
        if (beside) {
            if (auto done = beside(session); !done) return done;
        }
        const Secret secret = random_secret();
        auto kept =
            session.execute("insert into registry_passwords(registry_id, name, sealed, created_at) "
                            "values (?1, ?2, ?3, ?4) on conflict (registry_id, name) do update set "
                            "sealed = excluded.sealed, created_at = excluded.created_at",
                            registry.row, which, seal_.seal(password_purpose(registry, which), as_bytes(secret.reveal())), now);
        if (!kept) return failure(std::move(kept));
        return {};
    };
    auto renewing = database_.write(renew);
    auto renewed = co_await std::move(renewing);
    if (!renewed) co_return failure(std::move(renewed));
    forget_remembered();
    co_return Result<void>();
}

} // namespace berth::identity
