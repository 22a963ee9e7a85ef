#include "identity/outside_accounts.hpp"

#include "tenant/directory_store.hpp"
#include "tenant/testing/tenant_database.hpp"

#include <gtest/gtest.h>

namespace berth::identity {
namespace {

using storage::Session;

class OutsideAccounts : public testing::Test {
protected:
    tenant::TenantDatabase rows;

    OutsideUser take(const OutsidePerson& person) {
        return *rows.write(
            [&](Session& session) { return find_or_make_user(session, rows.first->tenant, person, tenant::test_time); });
    }
    std::int64_t users_called(const std::string& name) {
        return *rows.read([&](Session& session) -> Result<std::int64_t> {
            auto found = session.query("select count(*) from principals where user_principal_name = ?1", name);
            if (!found) return failure(std::move(found));
            auto more = found->next();
            if (!more) return failure(std::move(more));
            return found->integer(0);
        });
    }
};

TEST_F(OutsideAccounts, AreMadeOnceAndFoundBySubject) {
    const OutsideUser first = take({"https://sso.example/realms/x", "42", "Ada@Example.org", "Ada"});
    EXPECT_TRUE(first.is_new);
    EXPECT_EQ(users_called("ada_example.org#ext#@sso.example"), 1);
    const OutsideUser again = take({"https://sso.example/realms/x", "42", "renamed", "Somebody"});
    EXPECT_FALSE(again.is_new);
    EXPECT_EQ(again.id, first.id);
}

TEST_F(OutsideAccounts, TheSameNameIsNotTheSamePerson) {
    const auto own = *rows.write([&](Session& session) {
        return tenant::create_user(session, rows.first->tenant, "Ada", "ada@example.org", tenant::test_time);
    });
    const OutsideUser first = take({"https://sso.example", "1", "ada@example.org", ""});
    const OutsideUser second = take({"https://sso.example", "2", "ada@example.org", ""});
    const OutsideUser elsewhere = take({"https://other.example", "1", "ada@example.org", ""});
    EXPECT_NE(first.id, own.id);
    EXPECT_NE(first.id, second.id);
    EXPECT_NE(first.id, elsewhere.id);
}

TEST_F(OutsideAccounts, ADeletedUserIsMadeAnew) {
    const OutsidePerson person{"https://sso.example", "1", "", ""};
    const OutsideUser first = take(person);
    ASSERT_TRUE(rows.write([&](Session& session) { return tenant::delete_principal(session, first.id); }));
    const OutsideUser second = take(person);
    EXPECT_TRUE(second.is_new);
    EXPECT_NE(second.id, first.id);
}

} // namespace
} // namespace berth::identity
