#include "directory/directory.hpp"
#include "gateway/testing/gateway_fixture.hpp"
#include "sign_in/sign_in.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::directory {
namespace {

using enum http::Method;
using gateway::GatewayFixture;

class Graph : public testing::Test {
protected:
    GatewayFixture fixture{[](const gateway::Services& services) {
        auto routes = Directory(services).routes();
        std::ranges::move(sign_in::SignIn(services).routes(), std::back_inserter(routes));
        return routes;
    }};
    const Guid& owner = fixture.owner();

    GatewayFixture::Answer call(http::Method method, const std::string& path, std::string body = {}) {
        return fixture.call(owner, method, "/v1.0" + path, std::move(body));
    }
    static std::string text(const GatewayFixture::Answer& answer, std::string_view name) {
        const auto* member = answer.json.is_object() ? answer.json.get_object().if_contains(name) : nullptr;
        return member != nullptr && member->is_string() ? std::string(member->get_string()) : "none: " + answer.text;
    }
    struct Robot {
        std::string application;
        std::string client;
        std::string principal;
        std::string secret;
    };
    Robot new_robot() {
        Robot out;
        const auto application = call(post, "/applications", R"({"displayName":"robot"})");
        out.application = text(application, "id");
        out.client = text(application, "appId");
        out.principal = text(call(post, "/servicePrincipals", fmt::format(R"({{"appId":"{}"}})", out.client)), "id");
        out.secret = text(call(post, "/applications/" + out.application + "/addPassword", "{}"), "secretText");
        return out;
    }
    GatewayFixture::Answer sign_in(std::string_view client, std::string_view secret,
                                   std::string_view scope = "https://management.azure.com/.default",
                                   std::string_view tenant = "common") {
        return fixture.send(
            post, fmt::format("/{}/oauth2/v2.0/token", tenant), "",
            fmt::format("grant_type=client_credentials&client_id={}&client_secret={}&scope={}", client, secret, scope));
    }
};

TEST_F(Graph, ARobotSignsInUntilItsSecretIsRemoved) {
    const Robot robot = new_robot();
    const auto token = sign_in(robot.client, robot.secret);
    ASSERT_EQ(token.status, 200U) << token.text;
    EXPECT_EQ(token.json.at("token_type").as_string(), "Bearer");
    EXPECT_EQ(token.headers.find("Cache-Control"), "no-store");

    const auto shown = call(get, "/applications/" + robot.application);
    const auto& secret = shown.json.at("passwordCredentials").at(0);
    EXPECT_TRUE(secret.at("secretText").is_null()) << "shown once";
    EXPECT_EQ(secret.at("hint").as_string(), robot.secret.substr(0, 3));
    const std::string key(secret.at("keyId").as_string());
    EXPECT_EQ(
        call(post, "/applications/" + robot.application + "/removePassword", fmt::format(R"({{"keyId":"{}"}})", key)).status,
        204U);
    EXPECT_EQ(sign_in(robot.client, robot.secret).status, 401U) << "not remembered";
    EXPECT_EQ(
        call(post, "/applications/" + robot.application + "/removePassword", fmt::format(R"({{"keyId":"{}"}})", key)).status,
        400U);
}

// A right that ends between the decision and the transaction: the rows change with no refresh, so that this moment lasts.
TEST_F(Graph, WhoIsNoAdministratorAnyMoreChangesNothing) {
    const Robot robot = new_robot();
    const Guid administrator = fixture.new_principal();
    const auto change = [&](std::string_view sql) {
        return fixture.database.write([&](storage::Session& session) { return session.execute(sql, administrator.value()); });
    };
    ASSERT_EQ(
        change("insert into directory_roles(principal_id, role) select ?1, role from directory_roles limit 1").value_or(0), 1);
    fixture.refresh();
    const auto as_administrator = [&](http::Method method, const std::string& path, std::string body) {
        return fixture.call(administrator, method, "/v1.0" + path, std::move(body));
    };
    const std::string application = "/applications/" + robot.application;
    const std::string principal = "/servicePrincipals/" + robot.principal;
    ASSERT_EQ(as_administrator(patch, application, R"({"displayName":"mine"})").status, 204U);

    ASSERT_EQ(change("delete from directory_roles where principal_id = ?1").value_or(0), 1);
    const auto events = fixture.database.count("select count(*) from events");
    const struct {
        http::Method method;
        std::string path;
        std::string body;
    } rows[] = {
        {post, "/applications", R"({"displayName":"another"})"},
        {patch, application, R"({"displayName":"yours"})"},
        {patch, application, R"({"keyCredentials":[]})"},
        {patch, principal, R"({"accountEnabled":false})"},
        {post, application + "/addPassword", "{}"},
        {post, "/directoryRoles/62e90394-69f5-4237-9190-012177145e10/members/$ref",
         fmt::format(R"({{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{}"}})", robot.principal)},
        {delete_, principal, ""},
        {delete_, application, ""},
    };
    for (const auto& row : rows) {
        const auto answer = as_administrator(row.method, row.path, row.body);
        EXPECT_EQ(answer.status, 403U) << row.path << ' ' << answer.text;
    }
    EXPECT_EQ(fixture.database.count("select count(*) from events"), events) << "nothing was changed";
}

TEST_F(Graph, DisablingAndDeletingEndAccessAtOnce) {
    const Robot robot = new_robot();
    EXPECT_EQ(call(patch, "/servicePrincipals/" + robot.principal, R"({"accountEnabled":false})").status, 204U);
    EXPECT_EQ(sign_in(robot.client, robot.secret).status, 401U);
    EXPECT_EQ(call(patch, "/servicePrincipals/" + robot.principal, R"({"accountEnabled":true})").status, 204U);
    EXPECT_EQ(sign_in(robot.client, robot.secret).status, 200U);
    EXPECT_EQ(call(delete_, "/applications/" + robot.application).status, 204U);
    EXPECT_EQ(sign_in(robot.client, robot.secret).status, 401U);
    EXPECT_EQ(call(get, "/servicePrincipals/" + robot.principal).code(), "Request_ResourceNotFound");
}

TEST_F(Graph, SecretsKeepTheirTimes) {
    const Robot robot = new_robot();
    const auto later = call(post, "/servicePrincipals/" + robot.principal + "/addPassword",
                            R"({"passwordCredential":{"displayName":"later","startDateTime":"2030-01-01T00:00:00Z"}})");
    ASSERT_EQ(later.status, 200U) << later.text;
    EXPECT_EQ(text(later, "endDateTime").substr(0, 10), "2032-01-01");
    EXPECT_EQ(sign_in(robot.client, text(later, "secretText")).status, 401U) << "not yet";
    fixture.clock.advance(std::chrono::days(366 * 4));
    EXPECT_EQ(sign_in(robot.client, text(later, "secretText")).status, 200U);
    EXPECT_EQ(sign_in(robot.client, robot.secret).status, 401U) << "two years are over";
}

TEST_F(Graph, RightsOnResourcesAreNoneHere) {
    const Guid other = fixture.new_principal("Owner", fixture.subscription());
    const Robot robot = new_robot();
    struct Case {
        http::Method method;
        std::string path;
        std::string body;
    };
    const Case cases[] = {{get, "/applications", ""},
                          {post, "/applications", R"({"displayName":"x"})"},
                          {get, "/applications/" + robot.application, ""},
                          {patch, "/applications/" + robot.application, "{}"},
                          {delete_, "/applications/" + robot.application, ""},
                          {post, "/applications/" + robot.application + "/addPassword", "{}"},
                          {post, "/applications/" + robot.application + "/removePassword", "{}"},
                          {get, "/servicePrincipals", ""},
                          {post, "/servicePrincipals/" + robot.principal + "/addPassword", "{}"},
                          {patch, "/servicePrincipals/" + robot.principal, "{}"},
                          {delete_, "/servicePrincipals/" + robot.principal, ""},
                          {post, "/groups", R"({"displayName":"x"})"},
                          {post, "/groups/" + robot.principal + "/members/$ref", "{}"},
                          {get, "/users", ""},
                          {post, "/users", "{}"},
                          {post, "/directoryObjects/getByIds", R"({"ids":[]})"}};
    for (const Case& c : cases) {
        const auto answer = fixture.call(other, c.method, "/v1.0" + c.path, c.body);
        EXPECT_EQ(answer.status, 403U) << c.path << answer.text;
        EXPECT_EQ(answer.code(), "Authorization_RequestDenied") << c.path;
        EXPECT_TRUE(answer.message().starts_with("Insufficient privileges to complete the operation.")) << answer.message();
    }
    EXPECT_EQ(fixture.send(get, "/v1.0/applications", "Bearer " + fixture.token_of(owner, GatewayFixture::arm)).status, 401U)
        << "a token for ARM is none for Graph";
}

TEST_F(Graph, TheLastAdministratorStays) {
    const auto principal = call(get, "/servicePrincipals/" + owner.value());
    ASSERT_EQ(principal.status, 200U) << principal.text;
    EXPECT_EQ(call(patch, "/servicePrincipals/" + owner.value(), R"({"accountEnabled":false})").status, 400U);
    EXPECT_EQ(call(delete_, "/servicePrincipals/" + owner.value()).status, 400U);
    EXPECT_EQ(call(delete_, "/applications/" + fixture.database.first->owner->application.id.value()).status, 400U);
    EXPECT_EQ(call(get, "/servicePrincipals/" + owner.value()).status, 200U);
}

TEST_F(Graph, GroupsAndTheirMembers) {
    const Robot robot = new_robot();
    const std::string group = text(call(post, "/groups", R"({"displayName":"team one"})"), "id");
    const std::string members = "/groups/" + group + "/members";
    const std::string reference =
        fmt::format(R"({{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{}"}})", robot.principal);
    EXPECT_EQ(call(post, members + "/$ref", reference).status, 204U);
    EXPECT_EQ(call(post, members + "/$ref", reference).code(), "Request_BadRequest");
    const auto listed = call(get, members);
    ASSERT_EQ(listed.json.at("value").as_array().size(), 1U) << listed.text;
    EXPECT_EQ(listed.json.at("value").at(0).at("@odata.type").as_string(), "#microsoft.graph.servicePrincipal");
    EXPECT_EQ(fixture.world()->policy->groups_of(*Guid::parse(robot.principal)).size(), 1U);
    EXPECT_EQ(call(delete_, members + "/" + robot.principal + "/$ref").status, 204U);
    EXPECT_EQ(call(delete_, members + "/" + robot.principal + "/$ref").status, 404U);
    for (const std::string& bad :
         {std::string("{}"), std::string(R"({"@odata.id":5})"), std::string(R"({"@odata.id":"x"})"),
          fmt::format(R"({{"@odata.id":"/{}"}})", group), fmt::format(R"({{"@odata.id":"/{}"}})", robot.application)}) {
        const auto answer = call(post, members + "/$ref", bad);
        EXPECT_TRUE(answer.status == 400 || answer.status == 404) << bad << answer.text;
    }
    EXPECT_EQ(call(patch, "/groups/" + group, R"({"displayName":"renamed"})").status, 204U);
    EXPECT_EQ(text(call(get, "/groups/" + group), "displayName"), "renamed");
    EXPECT_EQ(call(delete_, "/groups/" + group).status, 204U);
    EXPECT_EQ(call(get, "/groups/" + group).status, 404U);
}

TEST_F(Graph, Users) {
    const auto made =
        call(post, "/users",
             R"({"displayName":"Ada","userPrincipalName":"Ada@example.org","passwordProfile":{"password":"correct horse"}})");
    ASSERT_EQ(made.status, 201U) << made.text;
    EXPECT_FALSE(made.text.contains("horse"));
    EXPECT_EQ(call(post, "/users", R"({"displayName":"Ada","userPrincipalName":"ada@EXAMPLE.org"})").status, 409U);
    EXPECT_EQ(text(call(get, "/users/ada@example.org"), "id"), text(made, "id"));
    EXPECT_EQ(call(get, "/users?$filter=userPrincipalName%20eq%20'ADA@example.org'").json.at("value").as_array().size(), 1U);
    EXPECT_EQ(call(patch, "/users/ada@example.org", R"({"accountEnabled":false})").status, 204U);
    EXPECT_FALSE(call(get, "/users/ada@example.org").json.at("accountEnabled").as_bool());
    EXPECT_EQ(sign_in("ada@example.org", "correct%20horse").status, 401U) << "people do not sign in as clients";
    EXPECT_EQ(call(delete_, "/users/ada@example.org").status, 204U);
    for (const std::string_view bad :
         {"{}", R"({"displayName":"x"})", R"({"displayName":"x","userPrincipalName":"no-at"})",
          R"({"displayName":"x","userPrincipalName":"@x"})", R"({"displayName":"x","userPrincipalName":"a@b@c"})",
          R"({"displayName":"x","userPrincipalName":"a b@c"})",
          R"({"displayName":"x","userPrincipalName":"a@b","passwordProfile":{"password":"short"}})",
          R"({"displayName":"x","userPrincipalName":"a@b","passwordProfile":5})",
          R"({"displayName":"x","userPrincipalName":"a@b","accountEnabled":1})"}) {
        EXPECT_EQ(call(post, "/users", std::string(bad)).status, 400U) << bad;
    }
}

TEST_F(Graph, WhatClientsSetIsKeptAndShown) {
    const auto user = call(post, "/users",
                           R"({"displayName":"Ada","userPrincipalName":"ada@example.org","mailNickname":"lovelace",)"
                           R"("jobTitle":"Countess","passwordProfile":{"password":"correct horse",)"
                           R"("forceChangePasswordNextSignIn":false}})");
    ASSERT_EQ(user.status, 201U) << user.text;
    EXPECT_EQ(text(user, "mailNickname"), "lovelace");
    EXPECT_EQ(call(patch, "/users/ada@example.org", R"({"jobTitle":null,"userPrincipalName":"Ada.L@example.org"})").status,
              204U);
    const auto renamed = call(get, "/users/ada.l@example.org");
    EXPECT_EQ(text(renamed, "id"), text(user, "id"));
    EXPECT_TRUE(renamed.json.at("jobTitle").is_null());
    EXPECT_EQ(text(renamed, "mailNickname"), "lovelace");
    for (const std::string_view bad :
         {R"({"nonsense":1})", R"({"id":"x"})", R"({"jobTitle":5})", R"({"userPrincipalName":null})",
          R"({"keyCredentials":[]})", R"({"passwordProfile":{"forceChangePasswordNextSignIn":true}})",
          R"({"passwordProfile":{"nonsense":true}})", R"({"members@odata.bind":[]})"}) {
        EXPECT_EQ(call(patch, "/users/ada.l@example.org", std::string(bad)).code(), "Request_BadRequest") << bad;
    }
    EXPECT_EQ(call(patch, "/users/nobody@example.org", "{}").status, 404U);

    const Robot robot = new_robot();
    EXPECT_EQ(call(patch, "/applications/" + robot.application,
                   R"({"identifierUris":["api://robot"],"web":{"redirectUris":["https://robot.example.org/"]}})")
                  .status,
              204U);
    const auto principal = call(get, "/servicePrincipals/" + robot.principal);
    EXPECT_EQ(principal.json.at("servicePrincipalNames").at(1).as_string(), "api://robot");
    EXPECT_EQ(principal.json.at("replyUrls").at(0).as_string(), "https://robot.example.org/");
    const auto other = call(post, "/applications", R"({"displayName":"other","identifierUris":["api://robot"]})");
    EXPECT_EQ(other.status, 400U) << other.text;
    EXPECT_EQ(call(get, "/applications?$filter=displayName%20eq%20'other'").json.at("value").as_array().size(), 0U)
        << "nothing of it was made";
    EXPECT_EQ(
        call(get, "/applications?$filter=identifierUris/any(s:s%20eq%20'api://robot')").json.at("value").as_array().size(), 1U);
}

TEST_F(Graph, SelectsSortsCountsAndSearches) {
    for (const char* name : {"Cleo", "ada", "Bob"}) {
        call(post, "/users", fmt::format(R"({{"displayName":"{}","userPrincipalName":"{}@example.org"}})", name, name));
    }
    const auto page = call(get, "/users?$select=displayName&$orderby=displayName%20desc&$top=2&$count=true");
    ASSERT_EQ(page.status, 200U) << page.text;
    EXPECT_EQ(page.json.at("@odata.count"), 3);
    EXPECT_EQ(page.json.at("value").at(0).at("displayName").as_string(), "Cleo");
    EXPECT_FALSE(page.json.at("value").at(0).as_object().contains("id"));
    const std::string next = text(page, "@odata.nextLink");
    const auto rest = fixture.call(owner, get, next.substr(std::string_view("http://localhost:5000").size()));
    ASSERT_EQ(rest.json.at("value").as_array().size(), 1U) << rest.text;
    EXPECT_EQ(rest.json.at("value").at(0).at("displayName").as_string(), "ada");
    EXPECT_EQ(call(get, "/users?$search=\"displayName:CLE\"").json.at("value").as_array().size(), 1U);
    EXPECT_EQ(call(get, "/users/$count").text, "3");
    for (const std::string_view bad : {"$orderby=displayName%20up", "$orderby=a%20b%20c", "$search=ada", "$search=\"ada\"",
                                       "$count=maybe", "$expand=memberOf", "$skip=5", "$skiptoken=x", "$top=1000"}) {
        EXPECT_EQ(call(get, "/users?" + std::string(bad)).code(), "Request_BadRequest") << bad;
    }
}

TEST_F(Graph, OwnersAndGroupsOfGroups) {
    const Robot robot = new_robot();
    const auto group = [&](std::string_view name) {
        return text(call(post, "/groups", fmt::format(R"({{"displayName":"{}"}})", name)), "id");
    };
    const std::string outer = group("outer");
    const std::string inner = group("inner");
    const auto refer = [&](const std::string& path, const std::string& id) {
        return call(post, path + "/$ref", fmt::format(R"({{"@odata.id":"https://x/v1.0/directoryObjects/{}"}})", id)).status;
    };
    EXPECT_EQ(refer("/groups/" + outer + "/members", inner), 204U);
    EXPECT_EQ(refer("/groups/" + inner + "/members", robot.principal), 204U);
    EXPECT_EQ(refer("/groups/" + inner + "/members", inner), 400U);
    const auto ids = [&](const std::string& path) {
        std::vector<std::string> out;
        const auto answer = call(get, path);
        if (answer.status != 200) return std::vector<std::string>{answer.text};
        for (const auto& one : answer.json.at("value").as_array()) out.emplace_back(one.at("id").as_string());
        return out;
    };
    using Ids = std::vector<std::string>;
    EXPECT_EQ(ids("/groups/" + outer + "/members"), Ids{inner});
    EXPECT_EQ(ids("/groups/" + outer + "/transitiveMembers").size(), 2U);
    EXPECT_EQ(ids("/servicePrincipals/" + robot.principal + "/memberOf"), Ids{inner});
    EXPECT_EQ(ids("/servicePrincipals/" + robot.principal + "/transitiveMemberOf").size(), 2U);
    EXPECT_EQ(ids("/groups/" + inner + "/memberOf"), Ids{outer});
    const std::string who = "/directoryObjects/" + robot.principal;
    const auto check =
        call(post, who + "/checkMemberGroups", fmt::format(R"({{"groupIds":["{}","{}"]}})", outer, robot.principal));
    ASSERT_EQ(check.status, 200U) << check.text;
    EXPECT_EQ(check.json.at("value").as_array().size(), 1U);
    EXPECT_EQ(call(post, "/servicePrincipals/" + robot.principal + "/getMemberGroups", R"({"securityEnabledOnly":false})")
                  .json.at("value")
                  .as_array()
                  .size(),
              2U);
    for (const std::string_view bad : {"{}", R"({"groupIds":"x"})", R"({"groupIds":["x"]})", R"({"groupIds":[5]})", "[]"}) {
        EXPECT_EQ(call(post, who + "/checkMemberGroups", std::string(bad)).status, 400U) << bad;
    }
    EXPECT_EQ(call(post, "/users/" + robot.principal + "/getMemberGroups", "{}").status, 404U) << "it is no user";

    for (const std::string& object :
         {"/applications/" + robot.application, "/servicePrincipals/" + robot.principal, "/groups/" + outer}) {
        EXPECT_EQ(refer(object + "/owners", owner.value()), 204U) << object;
        EXPECT_EQ(refer(object + "/owners", owner.value()), 400U) << object;
        EXPECT_EQ(refer(object + "/owners", inner), 400U) << "a group owns nothing";
        EXPECT_EQ(ids(object + "/owners"), Ids{owner.value()}) << object;
    }
    EXPECT_EQ(ids("/servicePrincipals/" + owner.value() + "/ownedObjects").size(), 3U);
    EXPECT_EQ(call(delete_, "/groups/" + outer + "/owners/" + owner.value() + "/$ref").status, 204U);
    EXPECT_EQ(call(delete_, "/groups/" + outer + "/owners/" + owner.value() + "/$ref").status, 404U);
}

TEST_F(Graph, PeopleReadTheDirectoryAndApplicationsDoNot) {
    const auto made = call(post, "/users", R"({"displayName":"Ada","userPrincipalName":"ada@example.org"})");
    const Guid user = *Guid::parse(text(made, "id"));
    const Robot robot = new_robot();
    const Guid program = *Guid::parse(robot.principal);
    const std::string group = text(call(post, "/groups", R"({"displayName":"g"})"), "id");
    for (const std::string& path :
         {std::string("/users"), std::string("/users/ada@example.org"), std::string("/groups"),
          std::string("/servicePrincipals"), std::string("/applications"), "/groups/" + group + "/members",
          "/applications/" + robot.application + "/owners", "/users/" + user.value() + "/memberOf",
          "/directoryObjects/" + robot.principal, std::string("/organization")}) {
        EXPECT_EQ(fixture.call(user, get, "/v1.0" + path).status, 200U) << path;
        EXPECT_EQ(fixture.call(program, get, "/v1.0" + path).code(), "Authorization_RequestDenied") << path;
    }
    const auto me = fixture.call(user, get, "/v1.0/me");
    EXPECT_EQ(text(me, "userPrincipalName"), "ada@example.org");
    EXPECT_EQ(fixture.call(user, get, "/v1.0/me/memberOf").status, 200U);
    EXPECT_EQ(fixture.call(user, get, "/v1.0/me/ownedObjects").json.at("value").as_array().size(), 0U);
    EXPECT_EQ(fixture.call(user, post, "/v1.0/me/getMemberGroups", "{}").status, 200U);
    EXPECT_EQ(call(get, "/me").code(), "Request_BadRequest") << "an application is no user";
    EXPECT_EQ(fixture.call(program, get, "/v1.0/me").status, 403U);
    // Reading is all: neither oneself nor others can be changed, and nobody becomes an owner or a member.
    struct Case {
        http::Method method;
        std::string path;
        std::string body;
    };
    const Case cases[] = {{patch, "/users/ada@example.org", R"({"accountEnabled":true})"},
                          {patch, "/users/ada@example.org", R"({"passwordProfile":{"password":"correct horse"}})"},
                          {post, "/users", "{}"},
                          {post, "/groups", R"({"displayName":"x"})"},
                          {post, "/groups/" + group + "/members/$ref", "{}"},
                          {post, "/groups/" + group + "/owners/$ref", "{}"},
                          {post, "/applications/" + robot.application + "/owners/$ref", "{}"},
                          {post, "/applications/" + robot.application + "/addPassword", "{}"},
                          {patch, "/applications/" + robot.application, R"({"keyCredentials":[]})"},
                          {post, "/oauth2PermissionGrants", "{}"}};
    for (const Case& c : cases) {
        EXPECT_EQ(fixture.call(user, c.method, "/v1.0" + c.path, c.body).code(), "Authorization_RequestDenied") << c.path;
    }
}

TEST_F(Graph, AdministratorsAreMadeAndUnmade) {
    const std::string role = "/directoryRoles/62e90394-69f5-4237-9190-012177145e10";
    EXPECT_EQ(call(get, "/directoryRoles").json.at("value").as_array().size(), 1U);
    EXPECT_EQ(text(call(get, role), "displayName"), "Global Administrator");
    EXPECT_EQ(call(get, "/directoryRoles/" + Guid::random().value()).status, 404U);
    const auto made = call(post, "/users", R"({"displayName":"Ada","userPrincipalName":"ada@example.org"})");
    const Guid ada = *Guid::parse(text(made, "id"));
    const std::string group = text(call(post, "/groups", R"({"displayName":"g"})"), "id");
    const auto add = [&](const Guid& who, const std::string& id) {
        return fixture.call(who, post, "/v1.0" + role + "/members/$ref", fmt::format(R"({{"@odata.id":"/{}"}})", id)).status;
    };
    const auto remove = [&](const Guid& who, const Guid& id) {
        return fixture.call(who, delete_, "/v1.0" + role + "/members/" + id.value() + "/$ref").status;
    };
    EXPECT_EQ(add(ada, ada.value()), 403U) << "nobody makes oneself one";
    EXPECT_EQ(add(owner, group), 400U) << "groups hold none";
    EXPECT_EQ(add(owner, Guid::random().value()), 404U);
    EXPECT_EQ(add(owner, "x"), 400U);
    EXPECT_EQ(remove(owner, owner), 400U) << "the last one stays";
    EXPECT_EQ(add(owner, ada.value()), 204U);
    EXPECT_EQ(add(owner, ada.value()), 400U);
    EXPECT_EQ(call(get, role + "/members").json.at("value").as_array().size(), 2U);
    EXPECT_EQ(remove(ada, owner), 204U) << "she administers at once";
    EXPECT_EQ(call(post, "/groups", R"({"displayName":"h"})").status, 403U) << "and who was one does not";
    EXPECT_EQ(remove(ada, owner), 404U);
    EXPECT_EQ(remove(ada, ada), 400U);
}

TEST_F(Graph, FindsByWhatAzAsksFor) {
    const Robot robot = new_robot();
    const auto found = call(
        get, fmt::format("/servicePrincipals?$filter=servicePrincipalNames%2Fany%28c%3Ac%20eq%20%27{}%27%29", robot.client));
    ASSERT_EQ(found.json.at("value").as_array().size(), 1U) << found.text;
    EXPECT_EQ(found.json.at("value").at(0).at("id").as_string(), robot.principal);
    EXPECT_EQ(call(get, "/applications?$filter=appId%20eq%20'" + robot.client + "'").json.at("value").as_array().size(), 1U);
    EXPECT_EQ(call(get, "/applications?$filter=startswith(displayName,'rob')").json.at("value").as_array().size(), 1U);
    EXPECT_EQ(call(get, "/applications?$filter=secret%20eq%20'x'").code(), "Request_BadRequest");
    const auto objects = call(post, "/directoryObjects/getByIds",
                              fmt::format(R"({{"ids":["{}","{}"],"types":["user","group","servicePrincipal"]}})",
                                          robot.principal, Guid::random().value()));
    ASSERT_EQ(objects.json.at("value").as_array().size(), 1U) << objects.text;
    EXPECT_EQ(call(post, "/directoryObjects/getByIds", R"({"ids":["x"]})").status, 400U);
    EXPECT_EQ(call(post, "/directoryObjects/getByIds", R"({"ids":"x"})").status, 400U);
    const auto page = call(get, "/servicePrincipals?$top=1");
    std::string next = text(page, "@odata.nextLink");
    ASSERT_TRUE(next.starts_with("http://localhost:5000/v1.0/")) << next;
    const auto rest = fixture.call(owner, get, next.substr(std::string_view("http://localhost:5000").size()));
    EXPECT_EQ(rest.json.at("value").as_array().size(), 1U) << rest.text;
    EXPECT_FALSE(rest.json.as_object().contains("@odata.nextLink"));
}

TEST_F(Graph, TokensAreForKnownResourcesAndTenants) {
    const Robot robot = new_robot();
    EXPECT_EQ(sign_in(robot.client, robot.secret, "https://example.org/.default").json.at("error").as_string(),
              "invalid_resource");
    for (const std::string& tenant : {fixture.tenant().value(), std::string("organizations"), std::string("BERTH")}) {
        EXPECT_EQ(sign_in(robot.client, robot.secret, "https://graph.microsoft.com//.default", tenant).status, 200U) << tenant;
    }
    const auto elsewhere = sign_in(robot.client, robot.secret, "https://graph.microsoft.com/.default", Guid::random().value());
    EXPECT_EQ(elsewhere.status, 400U);
    EXPECT_EQ(elsewhere.json.at("error").as_string(), "invalid_tenant");
    const auto wrong = sign_in(robot.client, "wrong");
    const auto unknown = sign_in(Guid::random().value(), "wrong");
    EXPECT_EQ(wrong.status, 401U);
    EXPECT_EQ(wrong.json.at("error"), unknown.json.at("error"));
    EXPECT_EQ(wrong.json.at("error_codes"), unknown.json.at("error_codes"));
    EXPECT_EQ(fixture.send(get, "/" + Guid::random().value() + "/v2.0/.well-known/openid-configuration", "").status, 400U);
    for (const std::string_view path : {"/common/.well-known/openid-configuration", "/adfs/.well-known/openid-configuration",
                                        "/adfs/berth/v2.0/.well-known/openid-configuration", "/discovery/v2.0/keys",
                                        "/common/discovery/v2.0/keys", "/adfs/discovery/keys", "/berth/v1/registry-keys"}) {
        EXPECT_EQ(fixture.send(get, std::string(path), "").status, 200U) << path;
    }
}

} // namespace
} // namespace berth::directory
