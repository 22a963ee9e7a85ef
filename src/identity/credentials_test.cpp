#include "base/random.hpp"
#include "identity/credentials.hpp"
#include "identity/testing/counting_database.hpp"
#include "identity/testing/test_clock.hpp"
#include "tenant/resource_store.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"
#include "tenant/token_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace berth::identity {
namespace {

using storage::Session;
using tenant::code_of;
using testing::MatchesRegex;

TEST(SecretHash, MatchesOnlyItsSecret) {
    const Secret secret("correct horse");
    const std::string sha = hash_secret(secret);
    EXPECT_THAT(sha, MatchesRegex("sha256\\$[0-9a-f]{64}"));
    const std::string slow = hash_password(secret);
    EXPECT_THAT(slow, MatchesRegex("scrypt\\$32768\\$8\\$1\\$[A-Za-z0-9_-]{22}\\$[A-Za-z0-9_-]{43}"));
    EXPECT_NE(slow, hash_password(secret)); // salted
    EXPECT_FALSE(is_slow_hash(sha));
    EXPECT_TRUE(is_slow_hash(slow));
    for (const std::string& hash : {sha, slow}) {
        EXPECT_TRUE(matches_hash("correct horse", hash));
        for (const std::string_view wrong : {"", "correct hors", "correct horse "}) {
            EXPECT_FALSE(matches_hash(wrong, hash)) << wrong;
        }
    }
}

TEST(SecretHash, HashesOfUnknownFormMatchNothing) {
    const std::string slow = hash_password(Secret("a"));
    const std::string tail = slow.substr(slow.find("$1$") + 3);
    for (const std::string& hash :
         {std::string(), std::string("a"), std::string("sha256$"), std::string("sha256$zz"), std::string("md5$a"),
          std::string("SHA256$ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
          std::string("sha256$CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB"), std::string("scrypt$"),
          std::string("scrypt$32768$8$1$$"), std::string("scrypt$x$8$1$") + tail, std::string("scrypt$32767$8$1$") + tail,
          std::string("scrypt$1073741824$8$1$") + tail, std::string("scrypt$32768$8$99999999$") + tail,
          std::string("scrypt$18446744073709551616$8$1$") + tail, slow + "A", slow + "$", slow.substr(0, slow.size() - 2)}) {
        EXPECT_FALSE(matches_hash("a", hash)) << hash;
        EXPECT_FALSE(matches_hash("", hash)) << hash;
    }
}

TEST(SecretHash, NewCredentialsHoldTogether) {
    const TestClock clock;
    const NewCredential made = make_credential("laptop", clock.now(), std::chrono::hours(2));
    EXPECT_TRUE(matches_hash(made.secret.reveal(), made.hash));
    EXPECT_EQ(made.info.hint, made.secret.reveal().substr(0, 3));
    EXPECT_EQ(made.info.display_name, "laptop");
    EXPECT_EQ(made.info.starts_at, clock.now());
    EXPECT_EQ(made.info.ends_at, clock.now() + std::chrono::hours(2));
    EXPECT_NE(make_credential(std::nullopt, clock.now(), {}).secret.reveal(), made.secret.reveal());
}

class CredentialsTest : public testing::Test {
protected:
    TestClock clock;
    tenant::TenantDatabase rows;
    CountingDatabase database{*rows};
    Seal seal = [] {
        Bytes key(32);
        fill_random(key);
        return Seal(key);
    }();
    WorkerPool workers{2};
    Credentials credentials{database, seal, workers, clock};
    tenant::Tenancy tenancy{*rows, {}};
    Guid robot_client = Guid::random();
    Guid robot = robot_client;
    Guid application = robot_client;
    Guid ada = robot_client;
    NewCredential secret = make_credential(std::nullopt, clock.now(), std::chrono::hours(1));

    CredentialsTest() {
        const Guid& in = rows.first->tenant;
        auto made = rows.write([&](Session& s) { return tenant::create_application(s, in, "robot", clock.now()); });
        application = made->id;
        robot_client = made->application_id;
        robot = rows.write([&](Session& s) { return tenant::create_service_principal(s, in, robot_client, clock.now()); })->id;
        ada = rows.write([&](Session& s) { return tenant::create_user(s, in, "Ada", "ada@example.org", clock.now()); })->id;
        keep(application, secret);
        refresh();
    }
    void keep(const Guid& owner, const NewCredential& credential) {
        ASSERT_TRUE(rows.write([&](Session& s) { return tenant::add_credential(s, owner, credential.info, credential.hash); }));
    }
    void set_password(const std::string& password) {
        NewCredential credential = make_credential(std::nullopt, clock.now(), std::chrono::hours(1));
        credential.hash = hash_password(Secret(password));
        keep(ada, credential);
    }
    void refresh() { ASSERT_TRUE(sync_wait(tenancy.refresh())); }
    tenant::Registry registry() const { return tenancy.world()->registries().front(); }
    void set_admin_user(bool enabled) {
        tenant::Resource changed = *rows.first->registry;
        changed.properties["adminUserEnabled"] = enabled;
        ASSERT_TRUE(rows.write([&](Session& s) { return tenant::update_resource(s, changed); }));
        refresh();
    }

    std::optional<ErrorCode> sign_in(std::string_view name, std::string_view with) {
        const auto world = tenancy.world();
        auto signed_in = sync_wait(credentials.verify_principal(*world, name, with));
        if (signed_in) last_ = signed_in->id;
        if (signed_in) last_secret_ = signed_in->secret;
        return code_of(signed_in);
    }
    std::optional<ErrorCode> sign_in_as_admin(std::string_view name, std::string_view with) {
        return code_of(sync_wait(credentials.verify_admin_user(registry(), name, with)));
    }
    std::optional<Guid> last_;
    std::string last_secret_;
};

TEST_F(CredentialsTest, AServicePrincipalSignsInWithItsSecret) {
    EXPECT_EQ(sign_in(robot_client.value(), secret.secret.reveal()), std::nullopt);
    EXPECT_EQ(last_, robot);
    const NewCredential own = make_credential(std::nullopt, clock.now(), std::chrono::hours(1));
    keep(robot, own); // kept at the principal instead of the application
    EXPECT_EQ(sign_in(robot_client.value(), own.secret.reveal()), std::nullopt);
    EXPECT_EQ(sign_in(robot_client.value(), secret.secret.reveal()), std::nullopt);
}

TEST_F(CredentialsTest, EverythingElseIsRefusedAlike) {
    const std::string& right = secret.secret.reveal();
    const std::pair<std::string, std::string> table[] = {
        {robot_client.value(), ""},
        {robot_client.value(), right + "a"},
        {robot_client.value(), right.substr(1)},
        {robot_client.value(), secret.hash},
        {robot_client.value(), std::string(1 << 20, 'a')},
        {robot.value(), right},       // the object id is no client id
        {application.value(), right}, // nor is the application's
        {"robot", right},             // nor is the display name
        {rows.first->owner->application.application_id.value(), right},
        {Guid::random().value(), right},
        {"", right},
        {"", ""},
        {"00000000-0000-0000-0000-000000000000", right},
        {std::string(1 << 20, 'a'), right},
        {robot_client.value() + '\0', right},
        {"ada@example.org", right},
        {"ada@example.org", ""},
        {"nobody@example.org", right},
    };
    const auto world = tenancy.world();
    std::optional<std::string> message;
    for (const auto& [name, with] : table) {
        const auto refused = sync_wait(credentials.verify_principal(*world, name, with));
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_credentials) << name;
        if (!message) message = refused.error().message;
        EXPECT_EQ(refused.error().message, *message) << name;
    }
}

TEST_F(CredentialsTest, AUserSignsInWithAPassword) {
    set_password("correct horse");
    EXPECT_EQ(sign_in("Ada@Example.org", "correct horse"), std::nullopt);
    EXPECT_EQ(last_, ada);
    EXPECT_EQ(sign_in("ada@example.org", "correct hors"), ErrorCode::invalid_credentials);
}

TEST_F(CredentialsTest, AnUnknownUserCostsAsMuchAsAWrongPassword) {
    set_password("correct horse");
    (void)sign_in("nobody@example.org", "warm up");
    const auto time = [&](std::string_view name) {
        const auto start = std::chrono::steady_clock::now();
        EXPECT_EQ(sign_in(name, "wrong"), ErrorCode::invalid_credentials);
        return std::chrono::steady_clock::now() - start;
    };
    // Hashing a password takes tens of milliseconds; without it, either would take well under one.
    EXPECT_GT(time("ada@example.org"), std::chrono::milliseconds(5));
    EXPECT_GT(time("nobody@example.org"), std::chrono::milliseconds(5));
}

TEST_F(CredentialsTest, WhatWasVerifiedNeedsNoDatabaseForAWhile) {
    const std::string& right = secret.secret.reveal();
    ASSERT_EQ(sign_in(robot_client.value(), right), std::nullopt);
    const int reads = database.reads();
    for (int i = 0; i < 100; ++i) ASSERT_EQ(sign_in(robot_client.value(), right), std::nullopt);
    EXPECT_EQ(database.reads(), reads);
    clock.advance(std::chrono::minutes(5));
    EXPECT_EQ(sign_in(robot_client.value(), right), std::nullopt);
    EXPECT_EQ(database.reads(), reads + 1);
    // What was refused is looked at each time: the secret may be added a moment later.
    ASSERT_EQ(sign_in(robot_client.value(), "wrong"), ErrorCode::invalid_credentials);
    ASSERT_EQ(sign_in(robot_client.value(), "wrong"), ErrorCode::invalid_credentials);
    EXPECT_EQ(database.reads(), reads + 3);
}

TEST_F(CredentialsTest, ADisabledOrDeletedPrincipalIsRefusedThoughRemembered) {
    const std::string& right = secret.secret.reveal();
    ASSERT_EQ(sign_in(robot_client.value(), right), std::nullopt);
    const auto enable = [&](bool enabled) {
        ASSERT_TRUE(rows.write([&](Session& s) { return tenant::update_principal(s, robot, std::nullopt, enabled); }));
        refresh();
    };
    enable(false);
    EXPECT_EQ(sign_in(robot_client.value(), right), ErrorCode::invalid_credentials);
    enable(true);
    EXPECT_EQ(sign_in(robot_client.value(), right), std::nullopt);
    ASSERT_TRUE(rows.write([&](Session& s) { return tenant::delete_principal(s, robot); }));
    refresh();
    EXPECT_EQ(sign_in(robot_client.value(), right), ErrorCode::invalid_credentials);
    // Made anew for the same application: another principal with the application's secret.
    auto anew = rows.write(
        [&](Session& s) { return tenant::create_service_principal(s, rows.first->tenant, robot_client, clock.now()); });
    ASSERT_TRUE(anew);
    refresh();
    EXPECT_EQ(sign_in(robot_client.value(), right), std::nullopt);
    EXPECT_EQ(last_, anew->id);
}

TEST_F(CredentialsTest, AnOldSecretEndsWithItsRotation) {
    const std::string& old = secret.secret.reveal();
    ASSERT_EQ(sign_in(robot_client.value(), old), std::nullopt);
    const NewCredential fresh = make_credential(std::nullopt, clock.now(), std::chrono::hours(1));
    keep(application, fresh);
    ASSERT_TRUE(rows.write([&](Session& s) { return tenant::remove_credential(s, application, secret.info.key_id); }));
    credentials.forget_remembered();
    EXPECT_EQ(sign_in(robot_client.value(), old), ErrorCode::invalid_credentials);
    EXPECT_EQ(sign_in(robot_client.value(), fresh.secret.reveal()), std::nullopt);
}

TEST_F(CredentialsTest, ASecretEndsWithItsTimeThoughRemembered) {
    const std::string& right = secret.secret.reveal();
    clock.advance(std::chrono::minutes(58));
    ASSERT_EQ(sign_in(robot_client.value(), right), std::nullopt);
    clock.advance(std::chrono::seconds(119));
    ASSERT_EQ(sign_in(robot_client.value(), right), std::nullopt);
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(sign_in(robot_client.value(), right), ErrorCode::invalid_credentials);
}

// Lets somebody do something between the moment a secret was read and the moment it is remembered.
class Meanwhile final : public storage::Database {
public:
    explicit Meanwhile(storage::Database& inner) : inner_(inner) {}
    std::function<void()> action;

protected:
    Task<Result<void>> run_read(storage::ReadKind kind, const std::function<Result<void>(Session&)>& work) override {
        auto pass = [&work](Session& session) { return work(session); };
        auto reading = inner_.read(kind, pass);
        auto done = co_await std::move(reading);
        if (auto once = std::exchange(action, nullptr)) once();
        co_return done;
    }
    Task<Result<void>> run_write(const std::function<Result<void>(Session&)>&) override {
        co_return failure(ErrorCode::internal, "not used");
    }

private:
    storage::Database& inner_;
};

TEST_F(CredentialsTest, ACheckThatBeganBeforeARemovalIsNotRememberedAfterIt) {
    Meanwhile meanwhile(*rows);
    Credentials racing(meanwhile, seal, workers, clock);
    meanwhile.action = [&] {
        ASSERT_TRUE(rows.write([&](Session& s) { return tenant::remove_credential(s, application, secret.info.key_id); }));
        racing.forget_remembered();
    };
    const auto world = tenancy.world();
    (void)sync_wait(racing.verify_principal(*world, robot_client.value(), secret.secret.reveal()));
    EXPECT_EQ(code_of(sync_wait(racing.verify_principal(*world, robot_client.value(), secret.secret.reveal()))),
              ErrorCode::invalid_credentials);
}

TEST_F(CredentialsTest, PasswordsBeingCheckedAtOnceAreLimited) {
    set_password("correct horse");
    const auto world = tenancy.world();
    std::atomic<int> signed_in = 0;
    std::atomic<int> turned_away = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 24; ++i) {
        threads.emplace_back([&] {
            const auto out = sync_wait(credentials.verify_principal(*world, "ada@example.org", "correct horse"));
            if (out) {
                ++signed_in;
            } else if (out.error().code == ErrorCode::too_many_requests) {
                ++turned_away;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(signed_in + turned_away, 24);
    EXPECT_GE(signed_in, 1);
    EXPECT_EQ(sign_in("ada@example.org", "correct horse"), std::nullopt);
}

TEST_F(CredentialsTest, TheAdminUserSignsInWithEitherPassword) {
    set_admin_user(true);
    auto passwords = sync_wait(credentials.admin_passwords(registry()));
    ASSERT_TRUE(passwords) << passwords.error().message;
    ASSERT_EQ(passwords->size(), 2U);
    EXPECT_EQ((*passwords)[0].first, "password");
    EXPECT_EQ((*passwords)[1].first, "password2");
    EXPECT_NE((*passwords)[0].second.reveal(), (*passwords)[1].second.reveal());
    for (const auto& [name, password] : *passwords) {
        EXPECT_EQ(sign_in_as_admin("berth0", password.reveal()), std::nullopt) << name;
        EXPECT_EQ(sign_in_as_admin("BERTH0", password.reveal()), std::nullopt) << name;
        EXPECT_EQ(sign_in_as_admin("berth1", password.reveal()), ErrorCode::invalid_credentials) << name;
        EXPECT_EQ(sign_in_as_admin("", password.reveal()), ErrorCode::invalid_credentials) << name;
        EXPECT_EQ(sign_in("berth0", password.reveal()), ErrorCode::invalid_credentials) << name; // no principal
    }
    EXPECT_EQ(sign_in_as_admin("berth0", "wrong"), ErrorCode::invalid_credentials);
    EXPECT_EQ(sign_in_as_admin("berth0", ""), ErrorCode::invalid_credentials);
    auto again = sync_wait(credentials.admin_passwords(registry()));
    EXPECT_EQ((*again)[0].second.reveal(), (*passwords)[0].second.reveal());
    EXPECT_EQ((*again)[1].second.reveal(), (*passwords)[1].second.reveal());
}

TEST_F(CredentialsTest, TheAdminUserEndsWhenItIsDisabled) {
    set_admin_user(true);
    auto passwords = sync_wait(credentials.admin_passwords(registry()));
    const std::string& password = passwords->front().second.reveal();
    ASSERT_EQ(sign_in_as_admin("berth0", password), std::nullopt);
    const int reads = database.reads();
    ASSERT_EQ(sign_in_as_admin("berth0", password), std::nullopt);
    EXPECT_EQ(database.reads(), reads); // remembered
    set_admin_user(false);
    EXPECT_EQ(sign_in_as_admin("berth0", password), ErrorCode::invalid_credentials);
    set_admin_user(true);
    EXPECT_EQ(sign_in_as_admin("berth0", password), std::nullopt);
}

TEST_F(CredentialsTest, ARegeneratedPasswordEndsTheOldOneOnly) {
    set_admin_user(true);
    auto before = sync_wait(credentials.admin_passwords(registry()));
    ASSERT_EQ(sign_in_as_admin("berth0", (*before)[0].second.reveal()), std::nullopt);
    ASSERT_TRUE(sync_wait(credentials.regenerate_admin_password(registry(), "password")));
    EXPECT_EQ(sign_in_as_admin("berth0", (*before)[0].second.reveal()), ErrorCode::invalid_credentials);
    EXPECT_EQ(sign_in_as_admin("berth0", (*before)[1].second.reveal()), std::nullopt);
    auto after = sync_wait(credentials.admin_passwords(registry()));
    EXPECT_EQ(sign_in_as_admin("berth0", (*after)[0].second.reveal()), std::nullopt);
    for (const std::string_view which : {"", "password3", "Password", "password1"}) {
        EXPECT_EQ(code_of(sync_wait(credentials.regenerate_admin_password(registry(), which))), ErrorCode::invalid_parameter)
            << which;
    }
}

TEST_F(CredentialsTest, AdminPasswordsAreSealedForTheirRegistry) {
    set_admin_user(true);
    auto passwords = sync_wait(credentials.admin_passwords(registry()));
    auto readable = rows.read([&](Session& s) -> Result<bool> {
        auto found = s.query("select sealed from registry_passwords");
        if (!found) return failure(std::move(found));
        bool seen = false;
        while (*found->next()) {
            for (const auto& [name, password] : *passwords)
                seen |= as_text(found->bytes(0)).find(password.reveal()) != std::string_view::npos;
        }
        return seen;
    });
    EXPECT_FALSE(*readable);
    // The two swapped in the database are no passwords any more.
    ASSERT_TRUE(rows.write([](Session& s) {
        return s.execute("update registry_passwords set sealed = (select sealed from registry_passwords "
                         "where name = 'password2') where name = 'password'");
    }));
    EXPECT_EQ(code_of(sync_wait(credentials.admin_passwords(registry()))), ErrorCode::internal);
    EXPECT_EQ(sign_in_as_admin("berth0", (*passwords)[1].second.reveal()), ErrorCode::internal);
}

TEST_F(CredentialsTest, WhatWasMadeWithASecretEndsWithIt) {
    ASSERT_EQ(sign_in(robot_client.value(), secret.secret.reveal()), std::nullopt);
    Caller caller{.kind = CallerKind::principal, .principal = robot, .secret = last_secret_};
    const auto check = [&] { return code_of(sync_wait(credentials.check_secret(*tenancy.world(), caller))); };
    EXPECT_EQ(check(), std::nullopt);
    EXPECT_EQ(check(), std::nullopt); // remembered

    // Another secret of the same application changes nothing, its own removal does.
    const NewCredential other = make_credential(std::nullopt, clock.now(), std::chrono::hours(1));
    keep(application, other);
    credentials.forget_remembered();
    EXPECT_EQ(check(), std::nullopt);
    ASSERT_TRUE(rows.write([&](Session& s) { return tenant::remove_credential(s, application, secret.info.key_id); }));
    credentials.forget_remembered();
    EXPECT_EQ(check(), ErrorCode::invalid_credentials);
    EXPECT_EQ(check(), ErrorCode::invalid_credentials);

    ASSERT_EQ(sign_in(robot_client.value(), other.secret.reveal()), std::nullopt);
    caller.secret = last_secret_;
    EXPECT_EQ(check(), std::nullopt);
    clock.advance(std::chrono::hours(1)); // and when it expires
    EXPECT_EQ(check(), ErrorCode::invalid_credentials);

    caller.secret.clear(); // behind this there is none that could go
    EXPECT_EQ(check(), std::nullopt);
    for (const std::string& odd : {std::string("x"), std::string(10'000, 'x'), robot.value()}) {
        caller.secret = odd;
        EXPECT_EQ(check(), ErrorCode::invalid_credentials);
    }
}

TEST_F(CredentialsTest, WhatAnIssuerSaidOfGroupsEndsWithItsTrustAndItsTime) {
    const auto trust = [](std::string_view setting) { return TrustedIssuer::parse(setting).value(); };
    const TrustedIssuer issuer = trust("issuer=https://a.example,groups-claim=groups");
    Caller caller{.kind = CallerKind::principal, .principal = robot};
    caller.outside_groups = {issuer.group_source(), clock.now() + std::chrono::minutes(10), {Guid::random()}};
    const auto check = [&] { return code_of(sync_wait(credentials.check_secret(*tenancy.world(), caller))); };
    EXPECT_EQ(check(), ErrorCode::invalid_credentials) << "nobody is trusted";
    credentials.set_trusted(std::array{trust("issuer=https://b.example"), issuer}, "");
    EXPECT_EQ(check(), std::nullopt);
    for (const std::string_view other : {"issuer=https://a.example", "issuer=https://a.example,groups-claim=roles",
                                         "issuer=https://a.example/,groups-claim=groups"}) {
        credentials.set_trusted(std::array{trust(other)}, "");
        EXPECT_EQ(check(), ErrorCode::invalid_credentials) << other;
    }
    credentials.set_trusted(std::array{issuer}, "");
    EXPECT_EQ(check(), std::nullopt);
    clock.advance(std::chrono::minutes(10));
    EXPECT_EQ(check(), ErrorCode::invalid_credentials);
    caller.outside_groups = {};
    EXPECT_EQ(check(), std::nullopt);
}

TEST_F(CredentialsTest, WhatWasMadeWithAnAdminPasswordEndsWithThatPassword) {
    set_admin_user(true);
    const auto passwords = sync_wait(credentials.admin_passwords(registry()));
    ASSERT_TRUE(passwords);
    std::vector<Caller> callers;
    for (const auto& [name, password] : *passwords) {
        const auto which = sync_wait(credentials.verify_admin_user(registry(), registry().name, password.reveal()));
        ASSERT_TRUE(which);
        callers.push_back({.kind = CallerKind::admin_user, .registry = registry().id, .secret = *which});
    }
    const auto check = [&](const Caller& caller) {
        return code_of(sync_wait(credentials.check_secret(*tenancy.world(), caller)));
    };
    for (const Caller& caller : callers) EXPECT_EQ(check(caller), std::nullopt);
    clock.advance(std::chrono::seconds(1));
    ASSERT_TRUE(sync_wait(credentials.regenerate_admin_password(registry(), "password")));
    EXPECT_EQ(check(callers[0]), ErrorCode::invalid_credentials);
    EXPECT_EQ(check(callers[1]), std::nullopt);
}

TEST_F(CredentialsTest, ARepositoryTokenSignsInWithEitherPasswordWhileItHolds) {
    tenant::Resource row = *rows.first->registry;
    row.guid = Guid::random();
    row.type = tenant::token_type;
    row.name = "ci";
    row.scope = *rbac::Scope::parse(rows.first->registry->scope.value() + "/tokens/ci");
    row.properties = {};
    const std::int64_t id = *rows.write([&](Session& s) { return tenant::insert_resource(s, row); });
    const Secret first = random_secret();
    const Secret second = random_secret();
    const auto put = [&](std::string name, const Secret& password, std::optional<Timestamp> ends_at) {
        const tenant::TokenPassword kept{
            .name = std::move(name), .hash = hash_secret(password), .created_at = clock.now(), .ends_at = ends_at};
        ASSERT_TRUE(rows.write([&](Session& s) { return tenant::put_token_password(s, id, kept); }));
        credentials.forget_remembered();
    };
    put("password1", first, std::nullopt);
    put("password2", second, clock.now() + std::chrono::minutes(1));
    refresh();
    const auto* found = tenancy.world()->find_token(registry(), "CI");
    ASSERT_NE(found, nullptr);
    tenant::RegistryToken token = *found;
    const auto verify = [&](std::string_view with) { return sync_wait(credentials.verify_repository_token(token, with)); };
    EXPECT_EQ(*verify(first.reveal()), *verify(first.reveal())); // the second time from memory
    EXPECT_NE(*verify(first.reveal()), *verify(second.reveal()));
    for (const std::string& wrong : {std::string(), first.reveal() + "a", hash_secret(first), std::string(1 << 20, 'a')}) {
        EXPECT_EQ(code_of(verify(wrong)), ErrorCode::invalid_credentials);
    }
    token.enabled = false;
    EXPECT_EQ(code_of(verify(first.reveal())), ErrorCode::invalid_credentials);
    token.enabled = true;

    Caller caller{.kind = CallerKind::repository_token, .registry = registry().id, .token = token.id};
    caller.secret = *verify(second.reveal());
    const auto check = [&] { return code_of(sync_wait(credentials.check_secret(*tenancy.world(), caller))); };
    EXPECT_EQ(check(), std::nullopt);
    clock.advance(std::chrono::minutes(1));
    EXPECT_EQ(code_of(verify(second.reveal())), ErrorCode::invalid_credentials);
    EXPECT_EQ(check(), ErrorCode::invalid_credentials);

    caller.secret = *verify(first.reveal());
    const Secret third = random_secret();
    put("password1", third, std::nullopt);
    EXPECT_EQ(code_of(verify(first.reveal())), ErrorCode::invalid_credentials);
    EXPECT_EQ(check(), ErrorCode::invalid_credentials);
    EXPECT_TRUE(verify(third.reveal()));
}

} // namespace
} // namespace berth::identity
