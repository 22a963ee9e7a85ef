#include "control_plane/plane.hpp"
#include "control_plane/registries.hpp"
#include "control_plane/resource_groups.hpp"
#include "control_plane/resource_routes.hpp"
#include "gateway/testing/gateway_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

using enum http::Method;
using gateway::GatewayFixture;

// A type that only this test knows, to see that a description is all that a type takes.
ResourceType notes() {
    return {.name = "Microsoft.ContainerRegistry/registries/webhooks",
            .operations = "Microsoft.ContainerRegistry/registries/webhooks",
            .noun = "note",
            .event = "note",
            .is_valid_name = [](std::string_view name) { return name.size() >= 3; },
            .name_rule = "The name '{}' is too short.",
            .properties = {{.name = "text", .kind = Property::Kind::text, .initial = "empty"},
                           {.name = "state", .initial = "Succeeded"}},
            .api_versions = {"2025-11-01"}};
}

std::vector<gateway::Route> routes_of_a_plane(const gateway::Services& services) {
    std::vector<ResourceType> types;
    types.push_back(resource_groups());
    types.push_back(registries());
    types.push_back(notes());
    return resource_routes(std::make_shared<Plane>(services, std::move(types)));
}

class ResourcePlane : public testing::Test {
protected:
    GatewayFixture fixture{routes_of_a_plane};
    const Guid& owner = fixture.owner();
    const std::string registry = fixture.registry().value();

    GatewayFixture::Answer call(http::Method method, const std::string& path, std::string body = {}) {
        return fixture.call(owner, method, versioned(path), std::move(body));
    }
    static std::string versioned(const std::string& path) {
        return path + (path.find('?') == std::string::npos ? "?" : "&") + "api-version=2025-11-01";
    }
    GatewayFixture::Answer put_registry(const std::string& name, std::string properties = "{}") {
        return call(put, fixture.group() + "/providers/Microsoft.ContainerRegistry/registries/" + name,
                    R"({"location":"West Europe","sku":{"name":"premium"},"tags":{"a":"b"},"properties":)" + properties + "}");
    }
    std::int64_t events(const std::string& kind) {
        return *fixture.database.read([&](storage::Session& session) -> Result<std::int64_t> {
            auto rows = session.query("select count(*) from events where kind = ?1", kind);
            if (!rows) return failure(std::move(rows));
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            return rows->integer(0);
        });
    }
};

TEST_F(ResourcePlane, CreatesThenReplaces) {
    const auto created = put_registry("Second1");
    ASSERT_EQ(created.status, 201U) << created.text;
    EXPECT_EQ(created.json.at("id").as_string(), fixture.group() + "/providers/Microsoft.ContainerRegistry/registries/Second1");
    EXPECT_EQ(created.json.at("location").as_string(), "westeurope");
    EXPECT_EQ(created.json.at("sku").at("name").as_string(), "Premium");
    const auto& properties = created.json.at("properties");
    EXPECT_EQ(properties.at("loginServer").as_string(), "second1.localhost:5443");
    EXPECT_EQ(properties.at("provisioningState").as_string(), "Succeeded");
    EXPECT_EQ(properties.at("policies").at("retentionPolicy").at("lastUpdatedTime").as_string(),
              properties.at("creationDate").as_string());
    EXPECT_EQ(created.json.at("systemData").at("createdByType").as_string(), "Application");
    EXPECT_EQ(events("registry.write"), 2); // the first start's and this one

    EXPECT_EQ(put_registry("second1", R"({"adminUserEnabled":true})").status, 200U);
    const auto read = call(get, fixture.group() + "/providers/microsoft.containerregistry/REGISTRIES/SECOND1");
    ASSERT_EQ(read.status, 200U) << read.text;
    EXPECT_EQ(read.json.at("name").as_string(), "Second1");
    EXPECT_TRUE(read.json.at("properties").at("adminUserEnabled").as_bool());
}

TEST_F(ResourcePlane, PatchChangesWhatItNames) {
    const auto changed = call(patch, registry, R"({"properties":{"anonymousPullEnabled":true},"tags":{"x":"y"}})");
    ASSERT_EQ(changed.status, 200U) << changed.text;
    EXPECT_TRUE(fixture.world()->find_registry(fixture.registry())->anonymous_pull_enabled);
    const auto again = call(patch, registry, R"({"properties":{"adminUserEnabled":true}})");
    EXPECT_TRUE(again.json.at("properties").at("anonymousPullEnabled").as_bool());
    EXPECT_EQ(again.json.at("tags").at("x").as_string(), "y");
    EXPECT_EQ(call(patch, registry, "[]").code(), "InvalidRequestContent");
    EXPECT_EQ(call(patch, registry + "x", "{}").code(), "ResourceNotFound");
}

TEST_F(ResourcePlane, RefusesWhatAzureRefuses) {
    struct Case {
        std::string name;
        std::string body;
        std::string_view code;
    };
    const Case cases[] = {
        {"abcd", R"({"location":"x","sku":{"name":"Basic"}})", "InvalidResourceName"},
        {"with-dash", R"({"location":"x","sku":{"name":"Basic"}})", "InvalidResourceName"},
        {"nowhere", R"({"sku":{"name":"Basic"}})", "LocationRequired"},
        {"nowhere", R"({"location":"x y!","sku":{"name":"Basic"}})", "InvalidLocation"},
        {"nosku", R"({"location":"x"})", "SkuRequired"},
        {"nosku", R"({"location":"x","sku":{"name":"Free"}})", "SkuNotSupported"},
        {"nosku", R"({"location":"x","sku":"Basic"})", "SkuNotSupported"},
        {"badtags", R"({"location":"x","sku":{"name":"Basic"},"tags":{"a":1}})", "InvalidTagValueLength"},
        {"badtags", R"({"location":"x","sku":{"name":"Basic"},"tags":[]})", "InvalidTags"},
        {"badtype", R"({"location":"x","sku":{"name":"Basic"},"properties":{"adminUserEnabled":"yes"}})", "InvalidParameter"},
        {"badjson", R"({"location":"x",)", "InvalidRequestContent"},
        {"quarantine",
         R"({"location":"x","sku":{"name":"Basic"},"properties":{"policies":{"quarantinePolicy":{"status":"enabled"}}}})",
         "UnsupportedPropertyValue"},
    };
    for (const Case& c : cases) {
        const auto answer = call(put, fixture.group() + "/providers/Microsoft.ContainerRegistry/registries/" + c.name, c.body);
        EXPECT_EQ(answer.status, 400U) << c.body << answer.text;
        EXPECT_EQ(answer.code(), c.code) << answer.text;
    }
    EXPECT_EQ(call(put, registry, R"({"location":"elsewhere","sku":{"name":"Basic"}})").code(), "InvalidResourceLocation");
    EXPECT_EQ(events("registry.write"), 1);
}

TEST_F(ResourcePlane, RegistryNamesAreOneSpace) {
    ASSERT_EQ(call(put, fixture.subscription() + "/resourceGroups/other", R"({"location":"x"})").status, 201U);
    const auto taken =
        call(put, fixture.subscription() + "/resourceGroups/other/providers/Microsoft.ContainerRegistry/registries/BERTH0",
             R"({"location":"x","sku":{"name":"Basic"}})");
    EXPECT_EQ(taken.status, 409U) << taken.text;
    EXPECT_EQ(taken.code(), "AlreadyInUse");
    EXPECT_TRUE(taken.message().starts_with("The registry DNS name berth0.localhost:5443 is already in use."));
}

TEST_F(ResourcePlane, GroupsAnswerAsArmDoes) {
    const std::string path = fixture.subscription() + "/resourcegroups/Fresh";
    EXPECT_EQ(call(head, path).status, 404U);
    EXPECT_EQ(call(put, path, R"({"location":"x"})").status, 201U);
    EXPECT_EQ(call(put, path, R"({"location":"x","tags":{"k":"v"}})").status, 200U);
    EXPECT_EQ(call(head, path).status, 204U);
    EXPECT_EQ(call(put, path, R"({"location":"z"})").code(), "InvalidResourceGroupLocation");
    const auto read = call(get, path);
    EXPECT_EQ(read.json.at("id").as_string(), fixture.subscription() + "/resourceGroups/Fresh");
    EXPECT_FALSE(read.json.as_object().contains("systemData"));
    EXPECT_EQ(call(delete_, path).status, 202U);
    EXPECT_EQ(call(delete_, path).code(), "ResourceGroupNotFound");
    EXPECT_EQ(call(put, path + "/providers/Microsoft.ContainerRegistry/registries/orphan",
                   R"({"location":"x","sku":{"name":"Basic"}})")
                  .code(),
              "ResourceGroupNotFound");
    EXPECT_EQ(call(put, fixture.subscription() + "/resourceGroups/ends.", R"({"location":"x"})").code(), "InvalidResourceName");
}

TEST_F(ResourcePlane, DeletingAGroupDeletesWhatIsInIt) {
    ASSERT_EQ(call(put, registry + "/webhooks/one", R"({"location":"x"})").status, 201U);
    EXPECT_EQ(call(delete_, fixture.group()).status, 202U);
    EXPECT_EQ(call(get, registry).code(), "ResourceGroupNotFound");
    EXPECT_EQ(fixture.world()->registries().size(), 0U);
}

TEST_F(ResourcePlane, DeletingWhatIsNotThereIs204) {
    EXPECT_EQ(call(delete_, registry).status, 200U);
    EXPECT_EQ(call(delete_, registry).status, 204U);
    EXPECT_EQ(events("registry.delete"), 1);
}

TEST_F(ResourcePlane, ANewTypeIsADescription) {
    const std::string path = registry + "/webhooks/";
    const auto created = call(put, path + "First", R"({"location":"x","properties":{"text":"hello","state":"mine"}})");
    ASSERT_EQ(created.status, 201U) << created.text;
    EXPECT_EQ(created.json.at("type").as_string(), "Microsoft.ContainerRegistry/registries/webhooks");
    EXPECT_EQ(created.json.at("properties").at("text").as_string(), "hello");
    EXPECT_EQ(created.json.at("properties").at("state").as_string(), "Succeeded") << "read-only";
    EXPECT_EQ(call(put, path + "ab", R"({"location":"x"})").message(), "The name 'ab' is too short.");
    EXPECT_EQ(call(put, registry + "no/webhooks/abc", R"({"location":"x"})").code(), "ParentResourceNotFound");

    ASSERT_EQ(put_registry("neighbour").status, 201U);
    const std::string other = fixture.group() + "/providers/Microsoft.ContainerRegistry/registries/neighbour/webhooks/";
    ASSERT_EQ(call(put, other + "theirs", R"({"location":"x"})").status, 201U);
    const auto listed = call(get, registry + "/webhooks");
    ASSERT_EQ(listed.status, 200U) << listed.text;
    ASSERT_EQ(listed.json.at("value").as_array().size(), 1U) << listed.text;
    EXPECT_EQ(listed.json.at("value").at(0).at("name").as_string(), "First");
    EXPECT_EQ(call(delete_, registry).status, 200U);
    EXPECT_EQ(call(get, path + "First").status, 404U) << "gone with its parent";
}

TEST_F(ResourcePlane, ListsShowWhatMayBeReadAndPagesAreFull) {
    for (int i = 0; i < 6; ++i) ASSERT_EQ(put_registry(fmt::format("listed{}", i)).status, 201U);
    const std::string list = fixture.subscription() + "/providers/Microsoft.ContainerRegistry/registries";
    std::vector<std::string> names;
    std::string next = versioned(list + "?$top=2");
    for (int pages = 0; !next.empty(); ++pages) {
        ASSERT_LT(pages, 10);
        const auto page = fixture.call(owner, get, next);
        ASSERT_EQ(page.status, 200U) << page.text;
        ASSERT_FALSE(page.json.at("value").as_array().empty());
        for (const auto& item : page.json.at("value").as_array()) names.emplace_back(item.at("name").as_string());
        next.clear();
        if (const auto* link = page.json.as_object().if_contains("nextLink")) {
            next = std::string(link->as_string());
            ASSERT_TRUE(next.starts_with("http://localhost:5000/subscriptions/")) << next;
            next = next.substr(next.find("/subscriptions"));
        }
    }
    EXPECT_EQ(names.size(), 7U);
    EXPECT_TRUE(std::ranges::is_sorted(names));

    const auto reader =
        fixture.new_principal("Reader", fixture.group() + "/providers/Microsoft.ContainerRegistry/registries/listed4");
    for (const std::string& path : {list, fixture.group() + "/providers/Microsoft.ContainerRegistry/registries"}) {
        const auto seen = fixture.call(reader, get, versioned(path + "?$top=1"));
        ASSERT_EQ(seen.json.at("value").as_array().size(), 1U) << seen.text;
        EXPECT_EQ(seen.json.at("value").at(0).at("name").as_string(), "listed4");
        EXPECT_FALSE(seen.json.as_object().contains("nextLink"));
    }
    EXPECT_EQ(fixture.call(owner, get, versioned(list + "?$top=0")).status, 400U);
    EXPECT_EQ(fixture.call(owner, get, versioned(list + "?$skiptoken=%25")).status, 400U);
    EXPECT_EQ(
        call(get, fixture.subscription() + "/resourceGroups/none/providers/Microsoft.ContainerRegistry/registries").code(),
        "ResourceGroupNotFound");
}

TEST_F(ResourcePlane, EachVerbNeedsItsOwnPermission) {
    const auto reader = fixture.new_principal("Reader", fixture.group());
    const auto as_reader = [&](http::Method method, const std::string& path, std::string body = {}) {
        return fixture.call(reader, method, versioned(path), std::move(body));
    };
    EXPECT_EQ(as_reader(get, registry).status, 200U);
    for (const auto& [method, action] : {std::pair{put, "write"}, std::pair{patch, "write"}, std::pair{delete_, "delete"}}) {
        const auto refused = as_reader(method, registry, "{}");
        EXPECT_EQ(refused.status, 403U) << refused.text;
        EXPECT_NE(refused.message().find(fmt::format("'Microsoft.ContainerRegistry/registries/{}'", action)), std::string::npos)
            << refused.text;
    }
    EXPECT_EQ(as_reader(post, registry + "/listCredentials").status, 403U);
    const auto nobody = fixture.new_principal();
    EXPECT_EQ(fixture.call(nobody, get, versioned(registry + "missing")).status, 403U) << "rights come before existence";
}

TEST_F(ResourcePlane, APathOfAnotherShapeReachesNothing) {
    // Encoded slashes must not turn a group's route into a registry's.
    std::string smuggled = registry.substr(fixture.subscription().size() + std::string_view("/resourceGroups/").size());
    for (std::size_t at = 0; (at = smuggled.find('/', at)) != std::string::npos;) smuggled.replace(at, 1, "%2F");
    EXPECT_EQ(call(delete_, fixture.subscription() + "/resourceGroups/" + smuggled).status, 404U);
    EXPECT_EQ(call(get, registry).status, 200U);
}

TEST_F(ResourcePlane, AdminPasswordsAreShownWhileTheAdminUserIsEnabled) {
    const auto refused = call(post, registry + "/listCredentials");
    EXPECT_EQ(refused.status, 400U);
    EXPECT_EQ(refused.code(), "UnAuthorizedForCredentialOperations");
    ASSERT_EQ(call(patch, registry, R"({"properties":{"adminUserEnabled":true}})").status, 200U);
    const auto shown = call(post, registry + "/listCredentials");
    ASSERT_EQ(shown.status, 200U) << shown.text;
    const auto renewed = call(post, registry + "/regenerateCredential", R"({"name":"password2"})");
    ASSERT_EQ(renewed.status, 200U) << renewed.text;
    EXPECT_EQ(renewed.json.at("passwords").at(0), shown.json.at("passwords").at(0));
    EXPECT_NE(renewed.json.at("passwords").at(1), shown.json.at("passwords").at(1));
    EXPECT_EQ(events("registry.regenerateCredential"), 1);
}

TEST_F(ResourcePlane, ImportIsDecidedAtBothEnds) {
    ASSERT_EQ(put_registry("source1").status, 201U);
    const std::string source = fixture.group() + "/providers/Microsoft.ContainerRegistry/registries/source1";
    const std::string body = R"({"source":{"resourceId":")" + source + R"(","sourceImage":"a/b:c"},"targetTags":["x:y"]})";
    const std::string by_host = R"({"source":{"registryUri":"SOURCE1.localhost:5443","sourceImage":"a/b:c"}})";
    const auto begun = call(post, registry + "/importImage", body);
    EXPECT_EQ(begun.status, 202U) << begun.text;
    ASSERT_EQ(fixture.imports.all.size(), 1U);
    EXPECT_EQ(fixture.imports.all[0].first.kind, "importImage");
    EXPECT_EQ(fixture.imports.all[0].second.actor.principal, fixture.owner());

    const auto importer = fixture.new_principal("Container Registry Data Importer and Data Reader", registry);
    for (const std::string& asked : {body, by_host}) {
        const auto refused = fixture.call(importer, post, versioned(registry + "/importImage"), asked);
        EXPECT_EQ(refused.status, 403U) << refused.text;
        EXPECT_EQ(refused.code(), "LinkedAuthorizationFailed");
        EXPECT_NE(refused.message().find("action 'read' on the linked scope(s) '" + source + "'"), std::string::npos);
    }
    const auto unknown = fixture.call(importer, post, versioned(registry + "/importImage"),
                                      R"({"source":{"resourceId":"/subscriptions/x","sourceImage":"a:b"}})");
    EXPECT_EQ(unknown.code(), "LinkedAuthorizationFailed");
    const auto pusher = fixture.new_principal("AcrPush", registry);
    EXPECT_EQ(fixture.call(pusher, post, versioned(registry + "/importImage"), body).code(), "AuthorizationFailed");
    for (const std::string_view bad : {"", "[]", "{}", R"({"source":{}})", R"({"source":{"sourceImage":"a:b"}})",
                                       R"({"source":{"sourceImage":"A:b","registryUri":"x"}})",
                                       R"({"source":{"sourceImage":"a@sha256:0","registryUri":"x"}})",
                                       R"({"source":{"sourceImage":"a:b","registryUri":"x"},"mode":"Perhaps"})",
                                       R"({"source":{"sourceImage":"a:b","registryUri":"x"},"targetTags":"x"})"}) {
        EXPECT_EQ(call(post, registry + "/importImage", std::string(bad)).status, 400U) << bad;
    }
}

TEST_F(ResourcePlane, UsagesCountContentOnce) {
    const auto usages = call(get, registry + "/listUsages");
    ASSERT_EQ(usages.status, 200U) << usages.text;
    EXPECT_EQ(usages.json.at("value").at(0).at("name").as_string(), "Size");
    EXPECT_EQ(usages.json.at("value").at(0).at("currentValue").as_int64(), 0);
}

} // namespace
} // namespace berth::control_plane
