#include "identity/delegation.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "identity/device_codes.hpp"
#include "identity/sessions.hpp"
#include "identity/testing/test_clock.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/testing/tenant_database.hpp"

#include <gtest/gtest.h>

namespace berth::identity {
namespace {

using storage::Session;

class DelegationTest : public testing::Test {
protected:
    TestClock clock;
    tenant::TenantDatabase rows;
    VerifiedPrincipal ada{Guid::random(), "a secret"};
    const std::string verifier = std::string(43, 'v');

    void SetUp() override {
        auto made = rows.write([&](Session& session) {
            return tenant::create_user(session, rows.first->tenant, "Ada", "ada@example.org", clock.now());
        });
        ASSERT_TRUE(made);
        ada.id = made->id;
    }

    Secret code(const std::string& client = "client") {
        const CodeBinding binding{.client_id = client,
                                  .redirect_uri = "http://localhost",
                                  .code_challenge = to_base64url(Digest::of(as_bytes(verifier)).bytes()),
                                  .access = "{}",
                                  .confidential = false};
        return *rows.write([&](Session& session) { return make_code(session, ada, binding, clock.now()); });
    }
    std::variant<Redeemed, Refused> redeem(const Secret& code, std::string_view with) {
        return *rows.write([&](Session& session) {
            return redeem_code(session, code.reveal(), "client", "http://localhost", with, clock.now());
        });
    }
    std::variant<Redeemed, Refused> redeem(const Secret& code) { return redeem(code, verifier); }
    Secret refresh_token(const Guid& delegation) {
        return *rows.write([&](Session& session) { return make_refresh_token(session, delegation, clock.now()); });
    }
    std::variant<Delegation, Refused> use(const Secret& token, bool proved = false) {
        return *rows.write(
            [&](Session& session) { return use_refresh_token(session, token.reveal(), "client", clock.now(), proved); });
    }
    template <class Value>
    static std::optional<Refused> refused(const std::variant<Value, Refused>& answer) {
        const auto* out = std::get_if<Refused>(&answer);
        return out != nullptr ? std::optional(*out) : std::nullopt;
    }
    Guid delegation() { return std::get<Redeemed>(redeem(code())).delegation.id; }
};

TEST_F(DelegationTest, CarriesWhatAProviderSaidOfGroups) {
    ada.outside_groups = {"source", Timestamp(std::chrono::seconds(1'800'000'000)), {Guid::random(), Guid::random()}};
    const auto redeemed = std::get<Redeemed>(redeem(code()));
    EXPECT_EQ(redeemed.delegation.person.outside_groups, ada.outside_groups);
    const auto used = std::get<Delegation>(use(refresh_token(redeemed.delegation.id)));
    EXPECT_EQ(used.person.outside_groups, ada.outside_groups);
    const auto cookie = rows.write([&](Session& session) { return start_session(session, ada, clock.now()); });
    const auto found = rows.read([&](Session& session) { return find_session(session, cookie->reveal(), clock.now()); });
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->outside_groups, ada.outside_groups);
}

TEST_F(DelegationTest, ACodeGivesWhatItWasMadeFor) {
    const auto answer = redeem(code());
    ASSERT_FALSE(refused(answer));
    const auto& redeemed = std::get<Redeemed>(answer);
    EXPECT_EQ(redeemed.access, "{}");
    EXPECT_EQ(redeemed.delegation.client_id, "client");
    EXPECT_EQ(redeemed.delegation.person.id, ada.id);
    EXPECT_EQ(redeemed.delegation.person.secret, "a secret");
}

TEST_F(DelegationTest, ACodeEndsInTime) {
    const Secret made = code();
    clock.advance(code_lifetime - std::chrono::seconds(1));
    EXPECT_FALSE(refused(redeem(made)));
    const Secret late = code();
    clock.advance(code_lifetime);
    EXPECT_EQ(refused(redeem(late)), Refused::expired);
}

TEST_F(DelegationTest, AWrongVerifierSpendsTheCode) {
    for (const std::string& wrong : {std::string(), std::string(42, 'v'), std::string(129, 'v'), std::string(43, 'w')}) {
        const Secret made = code();
        EXPECT_EQ(refused(redeem(made, wrong)), Refused::wrong_verifier);
        EXPECT_EQ(refused(redeem(made)), Refused::used);
        EXPECT_EQ(refused(redeem(made)), Refused::unknown) << "all that hung on it has ended";
    }
}

TEST_F(DelegationTest, UsingACodeAgainEndsTheRefreshToken) {
    const Secret made = code();
    const Secret token = refresh_token(std::get<Redeemed>(redeem(made)).delegation.id);
    EXPECT_EQ(refused(redeem(made)), Refused::used);
    EXPECT_EQ(refused(use(token)), Refused::expired);
}

TEST_F(DelegationTest, RefreshTokensRotate) {
    const Guid id = delegation();
    Secret token = refresh_token(id);
    for (int i = 0; i < 100; ++i) {
        clock.advance(std::chrono::days(80)); // each lasts from when it was made
        ASSERT_FALSE(refused(use(token))) << i;
        token = refresh_token(id);
    }
    clock.advance(refresh_token_lifetime);
    EXPECT_EQ(refused(use(token)), Refused::expired);
}

TEST_F(DelegationTest, AnOldRefreshTokenEndsAllOfItsSignIn) {
    const Guid id = delegation();
    const Secret first = refresh_token(id);
    ASSERT_FALSE(refused(use(first)));
    const Secret second = refresh_token(id);
    const Secret of_another_sign_in = refresh_token(delegation());
    clock.advance(refresh_leeway + std::chrono::seconds(1));
    EXPECT_EQ(refused(use(first)), Refused::used);
    EXPECT_EQ(refused(use(second)), Refused::expired);
    EXPECT_FALSE(refused(use(of_another_sign_in)));
}

TEST_F(DelegationTest, AForgottenRefreshTokenIsAnOldOne) {
    const Guid id = delegation();
    const Secret first = refresh_token(id);
    (void)use(first);
    Secret token = refresh_token(id);
    for (int i = 0; i < 3; ++i) {
        clock.advance(std::chrono::hours(1));
        ASSERT_FALSE(refused(use(token)));
        token = refresh_token(id);
    }
    EXPECT_EQ(refused(use(first)), Refused::used) << "its row is gone";
    EXPECT_EQ(refused(use(token)), Refused::expired);
}

TEST_F(DelegationTest, AClientThatRunsTwiceAtOnceKeepsItsSignIn) {
    const Guid id = delegation();
    const Secret token = refresh_token(id);
    ASSERT_FALSE(refused(use(token)));
    const Secret left = refresh_token(id);
    clock.advance(refresh_leeway);
    ASSERT_FALSE(refused(use(token)));
    const Secret right = refresh_token(id);
    clock.advance(std::chrono::hours(1));
    EXPECT_FALSE(refused(use(left)));
    EXPECT_FALSE(refused(use(right)));
}

TEST_F(DelegationTest, RefreshTokensAreOfTheirClient) {
    const Secret token = refresh_token(delegation());
    const auto answer = *rows.write(
        [&](Session& session) { return use_refresh_token(session, token.reveal(), "another", clock.now(), false); });
    EXPECT_EQ(refused(answer), Refused::another_client);
    EXPECT_FALSE(refused(use(token)));
}

TEST_F(DelegationTest, AClientOnTheWebProvesItself) {
    const Delegation made = *rows.write(
        [&](Session& session) { return delegate(session, ada, "client", true, std::chrono::hours(1), clock.now()); });
    const Secret token = refresh_token(made.id);
    EXPECT_EQ(refused(use(token, false)), Refused::unproved);
    EXPECT_FALSE(refused(use(token, true)));
}

TEST_F(DelegationTest, WhatIsNoTokenIsUnknown) {
    for (const char* text : {"", ".", "x", "00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-00000000000."}) {
        const auto answer = use(Secret(text));
        EXPECT_TRUE(refused(answer) == Refused::unknown || refused(answer) == Refused::expired) << text;
    }
}

TEST_F(DelegationTest, EverythingEndsWithThePerson) {
    const Secret token = refresh_token(delegation());
    const Secret made = code();
    const Secret session = *rows.write([&](Session& s) { return start_session(s, ada, clock.now()); });
    ASSERT_TRUE(rows.write([&](Session& s) { return tenant::delete_principal(s, ada.id); }));
    EXPECT_EQ(refused(use(token)), Refused::expired);
    EXPECT_EQ(refused(redeem(made)), Refused::unknown);
    EXPECT_FALSE(*rows.write([&](Session& s) { return find_session(s, session.reveal(), clock.now()); }));
}

TEST_F(DelegationTest, SignInsOfAPersonCanBeEnded) {
    const Secret token = refresh_token(delegation());
    const Secret session = *rows.write([&](Session& s) { return start_session(s, ada, clock.now()); });
    ASSERT_TRUE(rows.write([&](Session& s) { return end_sign_ins(s, ada.id); }));
    EXPECT_EQ(refused(use(token)), Refused::expired);
    EXPECT_FALSE(*rows.write([&](Session& s) { return find_session(s, session.reveal(), clock.now()); }));
}

TEST_F(DelegationTest, SessionsEnd) {
    const Secret first = *rows.write([&](Session& s) { return start_session(s, ada, clock.now()); });
    const auto find = [&](const Secret& value) {
        return *rows.write([&](Session& s) { return find_session(s, value.reveal(), clock.now()); });
    };
    ASSERT_TRUE(find(first));
    EXPECT_EQ(find(first)->id, ada.id);
    EXPECT_EQ(find(first)->secret, "a secret");
    EXPECT_EQ(*rows.write([&](Session& s) { return end_session(s, first.reveal()); }), ada.id);
    EXPECT_FALSE(find(first));
    EXPECT_EQ(*rows.write([&](Session& s) { return end_session(s, first.reveal()); }), std::nullopt);
    const Secret second = *rows.write([&](Session& s) { return start_session(s, ada, clock.now()); });
    clock.advance(session_lifetime);
    EXPECT_FALSE(find(second));
}

TEST_F(DelegationTest, OnlyTheNewestSessionsOfAPersonStay) {
    const Secret first = *rows.write([&](Session& s) { return start_session(s, ada, clock.now()); });
    for (int i = 0; i < 100; ++i) {
        clock.advance(std::chrono::seconds(1));
        ASSERT_TRUE(rows.write([&](Session& s) { return start_session(s, ada, clock.now()); }));
    }
    EXPECT_FALSE(*rows.write([&](Session& s) { return find_session(s, first.reveal(), clock.now()); }));
}

class DeviceCodeTest : public DelegationTest {
protected:
    DeviceCode start(const std::string& address = "127.0.0.1") {
        return *rows.write([&](Session& s) { return make_device_code(s, "client", "{}", address, clock.now()); });
    }
    std::optional<PendingDevice> find(std::string_view user_code) {
        return *rows.write([&](Session& s) { return find_device(s, user_code, clock.now()); });
    }
    std::variant<Redeemed, Refused> poll(const DeviceCode& code) {
        return *rows.write([&](Session& s) { return redeem_device_code(s, code.device_code.reveal(), "client", clock.now()); });
    }
};

TEST_F(DeviceCodeTest, IsRedeemedOnceAfterItWasApproved) {
    const DeviceCode code = start();
    EXPECT_EQ(code.user_code.size(), 9U);
    EXPECT_EQ(refused(poll(code)), Refused::pending);
    const std::string typed = " " + to_lower(code.user_code.substr(0, 4)) + "-" + code.user_code.substr(4);
    const auto device = find(typed);
    ASSERT_TRUE(device);
    EXPECT_EQ(device->address, "127.0.0.1");
    EXPECT_TRUE(*rows.write([&](Session& s) { return approve_device(s, *device, ada, clock.now()); }));
    EXPECT_FALSE(find(code.user_code)) << "it waits no more";
    EXPECT_FALSE(*rows.write([&](Session& s) { return decline_device(s, *device, clock.now()); }));
    const auto answer = poll(code);
    ASSERT_FALSE(refused(answer));
    EXPECT_EQ(std::get<Redeemed>(answer).delegation.person.id, ada.id);
    EXPECT_EQ(refused(poll(code)), Refused::unknown);
}

TEST_F(DeviceCodeTest, IsDeclinedOrForgotten) {
    const DeviceCode declined = start();
    const auto waiting = find(declined.user_code);
    ASSERT_TRUE(waiting);
    ASSERT_TRUE(*rows.write([&](Session& s) { return decline_device(s, *waiting, clock.now()); }));
    EXPECT_EQ(refused(poll(declined)), Refused::declined);
    const DeviceCode late = start();
    const auto device = find(late.user_code);
    clock.advance(device_code_lifetime);
    EXPECT_FALSE(find(late.user_code));
    EXPECT_FALSE(*rows.write([&](Session& s) { return approve_device(s, *device, ada, clock.now()); }));
    EXPECT_EQ(refused(poll(late)), Refused::expired);
}

TEST_F(DeviceCodeTest, OneAddressCannotTakeThemAll) {
    for (int i = 0; i < max_device_codes_of_an_address; ++i) (void)start();
    const auto more = rows.write([&](Session& s) { return make_device_code(s, "client", "{}", "127.0.0.1", clock.now()); });
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, ErrorCode::too_many_requests);
    (void)start("127.0.0.2");
    clock.advance(device_code_lifetime);
    (void)start();
}

} // namespace
} // namespace berth::identity
