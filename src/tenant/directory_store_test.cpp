#include "tenant/directory_store.hpp"
#include "tenant/testing/tenant_database.hpp"

#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using storage::Session;

class DirectoryStore : public testing::Test {
protected:
    TenantDatabase database;
    const Guid tenant = database.first->tenant;

    Application application(const std::string& name) {
        return *database.write([&](Session& s) { return create_application(s, tenant, name, test_time); });
    }
    Principal service_principal(const Guid& application_id) {
        return *database.write([&](Session& s) { return create_service_principal(s, tenant, application_id, test_time); });
    }
    Principal user(const std::string& name) {
        return *database.write([&](Session& s) { return create_user(s, tenant, name, name, test_time); });
    }
    Principal group(const std::string& name) {
        return *database.write([&](Session& s) { return create_group(s, tenant, name, test_time); });
    }
    static CredentialInfo secret(Timestamp from = test_time, Timestamp to = test_time + std::chrono::hours(1)) {
        return {Guid::random(), "abc", "a name", from, to};
    }
};

TEST_F(DirectoryStore, KeepsApplications) {
    const Application made = application("robot 'quoted' \xC3\xA4");
    auto read = database.read([&](Session& s) { return read_application(s, made.id); });
    ASSERT_TRUE(read);
    EXPECT_EQ(read->application_id, made.application_id);
    EXPECT_EQ(read->display_name, made.display_name);
    EXPECT_EQ(read->created_at, test_time);
    auto found = database.read([&](Session& s) { return find_application(s, made.application_id); });
    EXPECT_EQ((*found)->id, made.id);
    EXPECT_EQ(database.read(list_applications)->size(), 2U); // and the Owner's
    EXPECT_EQ(code_of(database.read([&](Session& s) { return read_application(s, made.application_id); })),
              ErrorCode::not_found);
    EXPECT_FALSE(*database.read([&](Session& s) { return find_application(s, made.id); }));
}

TEST_F(DirectoryStore, AnApplicationHasOneServicePrincipal) {
    const Application made = application("robot");
    const Principal principal = service_principal(made.application_id);
    EXPECT_EQ(principal.kind, PrincipalKind::service_principal);
    EXPECT_EQ(principal.display_name, "robot");
    EXPECT_EQ(principal.application_id, made.application_id);
    EXPECT_NE(principal.id, made.id);
    const auto again = [&](const Guid& id) {
        return code_of(database.write([&](Session& s) { return create_service_principal(s, tenant, id, test_time); }));
    };
    EXPECT_EQ(again(made.application_id), ErrorCode::already_exists);
    EXPECT_EQ(again(made.id), ErrorCode::not_found);
}

TEST_F(DirectoryStore, DeletingAnApplicationEndsItsPrincipalAndSecrets) {
    const Application made = application("robot");
    const Principal principal = service_principal(made.application_id);
    ASSERT_TRUE(database.write([&](Session& s) { return add_credential(s, made.id, secret(), "sha256$1"); }));
    ASSERT_TRUE(database.write([&](Session& s) { return add_credential(s, principal.id, secret(), "sha256$2"); }));
    ASSERT_TRUE(database.write([&](Session& s) { return delete_application(s, made.id); }));
    EXPECT_EQ(database.count("select count(*) from principals"), 1);
    EXPECT_EQ(database.count("select count(*) from credentials"), 1);
    EXPECT_EQ(code_of(database.write([&](Session& s) { return delete_application(s, made.id); })), ErrorCode::not_found);
}

TEST_F(DirectoryStore, UserNamesAreUniqueWithoutRegardToCase) {
    EXPECT_EQ(user("Ada@example.org").user_principal_name, "ada@example.org");
    EXPECT_EQ(
        code_of(database.write([&](Session& s) { return create_user(s, tenant, "Other", "ADA@example.ORG", test_time); })),
        ErrorCode::already_exists);
}

TEST_F(DirectoryStore, UpdatesOnlyWhatIsGiven) {
    const Principal made = user("ada@example.org");
    const auto update = [&](const Guid& id, std::optional<std::string> name, std::optional<bool> enabled) {
        return code_of(database.write([&](Session& s) { return update_principal(s, id, name, enabled); }));
    };
    EXPECT_EQ(update(made.id, std::nullopt, false), std::nullopt);
    EXPECT_EQ(database.count("select count(*) from principals where display_name = 'ada@example.org' and enabled = 0"), 1);
    EXPECT_EQ(update(made.id, "Ada", std::nullopt), std::nullopt);
    EXPECT_EQ(database.count("select count(*) from principals where display_name = 'Ada' and enabled = 0"), 1);
    EXPECT_EQ(update(Guid::random(), "Ada", true), ErrorCode::not_found);
}

TEST_F(DirectoryStore, GroupsHoldMembers) {
    const Principal team = group("team");
    const Principal ada = user("ada@example.org");
    const auto add = [&](const Guid& to, const Guid& member) {
        return code_of(database.write([&](Session& s) { return add_group_member(s, to, member); }));
    };
    EXPECT_EQ(add(team.id, ada.id), std::nullopt);
    EXPECT_EQ(add(team.id, ada.id), ErrorCode::already_exists);
    EXPECT_EQ(add(team.id, Guid::random()), ErrorCode::not_found);
    EXPECT_EQ(add(Guid::random(), ada.id), ErrorCode::not_found);
    EXPECT_EQ(add(ada.id, team.id), ErrorCode::not_found); // a user is no group
    EXPECT_EQ(*database.read([&](Session& s) { return list_group_members(s, team.id); }), std::vector{ada.id});
    const auto remove = [&] {
        return code_of(database.write([&](Session& s) { return remove_group_member(s, team.id, ada.id); }));
    };
    EXPECT_EQ(remove(), std::nullopt);
    EXPECT_EQ(remove(), ErrorCode::not_found);
}

TEST_F(DirectoryStore, DeletingAPrincipalEndsWhatHungOnIt) {
    const Principal team = group("team");
    const Principal outer = group("outer");
    const Principal ada = user("ada@example.org");
    ASSERT_TRUE(database.write([&](Session& s) { return add_group_member(s, team.id, ada.id); }));
    ASSERT_TRUE(database.write([&](Session& s) { return add_group_member(s, outer.id, team.id); }));
    ASSERT_TRUE(database.write([&](Session& s) { return add_directory_role(s, ada.id, "GlobalAdministrator"); }));
    ASSERT_TRUE(database.write([&](Session& s) { return add_credential(s, ada.id, secret(), "sha256$1"); }));
    ASSERT_TRUE(database.write([&](Session& s) { return delete_principal(s, team.id); }));
    EXPECT_EQ(database.count("select count(*) from group_members"), 0);
    ASSERT_TRUE(database.write([&](Session& s) { return delete_principal(s, ada.id); }));
    EXPECT_EQ(database.count("select count(*) from directory_roles"), 1); // the Owner's
    EXPECT_EQ(database.count("select count(*) from credentials"), 1);
    EXPECT_EQ(code_of(database.write([&](Session& s) { return delete_principal(s, ada.id); })), ErrorCode::not_found);
    // The name is free again, and starts with nothing.
    EXPECT_NE(user("ada@example.org").id, ada.id);
}

TEST_F(DirectoryStore, DirectoryRolesAreGivenOnce) {
    const Principal ada = user("ada@example.org");
    const auto give = [&](const Guid& id) {
        return code_of(database.write([&](Session& s) { return add_directory_role(s, id, "GlobalAdministrator"); }));
    };
    EXPECT_EQ(give(ada.id), std::nullopt);
    EXPECT_EQ(give(ada.id), std::nullopt);
    EXPECT_EQ(give(Guid::random()), ErrorCode::not_found);
    EXPECT_EQ(database.count("select count(*) from directory_roles"), 2);
}

TEST_F(DirectoryStore, GivesTheSecretsThatHoldNow) {
    const Application made = application("robot");
    const Principal principal = service_principal(made.application_id);
    const auto hour = std::chrono::hours(1);
    const struct {
        const Guid& owner;
        CredentialInfo info;
        std::string hash;
    } secrets[] = {
        {made.id, secret(), "of the application"},
        {principal.id, secret(), "of the principal"},
        {made.id, secret(test_time - hour, test_time), "over"},
        {made.id, secret(test_time + hour, test_time + 2 * hour), "not yet"},
        {database.first->owner->application.id, secret(), "of another"},
    };
    for (const auto& row : secrets) {
        ASSERT_TRUE(database.write([&](Session& s) { return add_credential(s, row.owner, row.info, row.hash); }));
    }
    auto valid = database.read([&](Session& s) { return valid_credentials(s, principal.id, test_time); });
    std::vector<std::string> hashes;
    for (const auto& credential : *valid) hashes.push_back(credential.hash);
    std::ranges::sort(hashes);
    EXPECT_EQ(hashes, (std::vector<std::string>{"of the application", "of the principal"}));

    auto listed = database.read([&](Session& s) { return list_credentials(s, made.id); });
    ASSERT_EQ(listed->size(), 3U);
    EXPECT_EQ(listed->front().key_id, secrets[2].info.key_id); // oldest first
    EXPECT_EQ(listed->front().display_name, "a name");
    EXPECT_EQ(listed->front().hint, "abc");

    const auto remove = [&](const Guid& owner) {
        return code_of(database.write([&](Session& s) { return remove_credential(s, owner, secrets[0].info.key_id); }));
    };
    EXPECT_EQ(remove(principal.id), ErrorCode::not_found); // another's secret
    EXPECT_EQ(remove(made.id), std::nullopt);
    EXPECT_EQ(remove(made.id), ErrorCode::not_found);
    EXPECT_EQ(code_of(database.write([&](Session& s) { return add_credential(s, Guid::random(), secret(), "x"); })),
              ErrorCode::not_found);
}

TEST_F(DirectoryStore, SecretsOfOneOwnerAreLimited) {
    const Application made = application("robot");
    auto fill = database.write([&](Session& s) -> Result<void> {
        for (std::size_t i = 0; i < max_credentials; ++i) {
            if (auto added = add_credential(s, made.id, secret(), "sha256$"); !added) return added;
        }
        return {};
    });
    ASSERT_TRUE(fill);
    EXPECT_EQ(code_of(database.write([&](Session& s) { return add_credential(s, made.id, secret(), "x"); })),
              ErrorCode::limit_exceeded);
}

} // namespace
} // namespace berth::tenant
