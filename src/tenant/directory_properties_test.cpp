#include "tenant/directory_properties.hpp"

#include "tenant/directory_store.hpp"
#include "tenant/testing/tenant_database.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace berth::tenant {
namespace {

using storage::Session;

class DirectoryProperties : public testing::Test {
protected:
    TenantDatabase database;
    const Guid tenant = database.first->tenant;
    const Application application =
        *database.write([&](Session& s) { return create_application(s, tenant, "app", test_time); });
    const Principal user = *database.write([&](Session& s) { return create_user(s, tenant, "u", "u@example.org", test_time); });
    const Principal group = *database.write([&](Session& s) { return create_group(s, tenant, "g", test_time); });

    std::optional<ErrorCode> set(const Guid& id, std::string_view json) {
        return code_of(
            database.write([&](Session& s) { return set_directory_properties(s, id, boost::json::parse(json).get_object()); }));
    }
    std::optional<ErrorCode> own(const Guid& object, const Guid& owner) {
        return code_of(database.write([&](Session& s) { return add_directory_owner(s, object, owner); }));
    }
};

TEST_F(DirectoryProperties, AreKeptOfPrincipalsAndApplications) {
    EXPECT_EQ(set(user.id, R"({"jobTitle":"x"})"), std::nullopt);
    EXPECT_EQ(set(application.id, R"({"tags":["a"]})"), std::nullopt);
    EXPECT_EQ(set(tenant, "{}"), ErrorCode::not_found);
    EXPECT_EQ(set(user.id, R"({"a":")" + std::string(70'000, 'x') + R"("})"), ErrorCode::limit_exceeded);
    const auto read = [&](const Guid& id) {
        return *database.read([&](Session& s) { return read_directory_properties(s, id); });
    };
    EXPECT_EQ(read(user.id).at("jobTitle"), "x");
    EXPECT_EQ(read(application.id).at("tags").at(0), "a");
    EXPECT_TRUE(read(group.id).empty());

    const auto users = *database.read([&](Session& s) { return list_directory_records(s, PrincipalKind::user); });
    ASSERT_EQ(users.size(), 1U);
    EXPECT_EQ(users.front().id, user.id);
    EXPECT_EQ(users.front().created_at, test_time);
    EXPECT_FALSE(users.front().application);
    const auto principal =
        *database.write([&](Session& s) { return create_service_principal(s, tenant, application.application_id, test_time); });
    const auto record = *database.read([&](Session& s) { return find_directory_record(s, principal.id); });
    ASSERT_TRUE(record && record->application);
    EXPECT_EQ(record->application->at("tags").at(0), "a");
    EXPECT_FALSE(*database.read([&](Session& s) { return find_directory_record(s, tenant); }));
}

TEST_F(DirectoryProperties, RedirectUris) {
    EXPECT_EQ(
        set(application.id, R"({"web":{"redirectUris":["https://a/"]},"publicClient":{"redirectUris":["http://localhost"]}})"),
        std::nullopt);
    const auto read = [&](const Guid& id) {
        return *database.read([&](Session& s) { return registered_redirect_uris(s, id); });
    };
    const RedirectUris uris = read(application.application_id);
    EXPECT_EQ(uris.web, std::vector<std::string>{"https://a/"});
    EXPECT_EQ(uris.public_client, std::vector<std::string>{"http://localhost"});
    EXPECT_TRUE(uris.single_page.empty());
    EXPECT_TRUE(read(application.id).web.empty()) << "the client id, not the object's";
}

TEST_F(DirectoryProperties, OwnersEndWithEitherSide) {
    EXPECT_EQ(own(application.id, user.id), std::nullopt);
    EXPECT_EQ(own(application.id, user.id), ErrorCode::already_exists);
    EXPECT_EQ(own(group.id, user.id), std::nullopt);
    EXPECT_EQ(own(application.id, group.id), ErrorCode::invalid_parameter);
    EXPECT_EQ(own(application.id, tenant), ErrorCode::not_found);
    EXPECT_EQ(own(tenant, user.id), ErrorCode::not_found);
    const auto owners = [&](const Guid& id) {
        return *database.read([&](Session& s) { return list_directory_owners(s, id); });
    };
    const auto owned = [&] { return *database.read([&](Session& s) { return list_owned_objects(s, user.id); }); };
    EXPECT_EQ(owners(application.id), std::vector<Guid>{user.id});
    EXPECT_EQ(owned().size(), 2U);
    const auto remove = [&] {
        return code_of(database.write([&](Session& s) { return remove_directory_owner(s, group.id, user.id); }));
    };
    EXPECT_EQ(remove(), std::nullopt);
    EXPECT_EQ(remove(), ErrorCode::not_found);
    EXPECT_EQ(own(group.id, user.id), std::nullopt);
    EXPECT_TRUE(database.write([&](Session& s) { return delete_application(s, application.id); }));
    EXPECT_EQ(owned(), std::vector<Guid>{group.id});
    EXPECT_TRUE(database.write([&](Session& s) { return delete_principal(s, user.id); }));
    EXPECT_TRUE(owners(group.id).empty());
    EXPECT_EQ(database.count("select count(*) from directory_owners"), 0);
}

} // namespace
} // namespace berth::tenant
