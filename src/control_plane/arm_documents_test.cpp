#include "control_plane/api_version.hpp"
#include "control_plane/cloud_metadata.hpp"
#include "control_plane/provider_operations.hpp"
#include "control_plane/resource_body.hpp"
#include "rbac/operation.hpp"

#include <boost/json/array.hpp>

#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

TEST(ApiVersion, IsADayOfAzures) {
    for (const std::string_view good : {"2014-04-01", "2015-01-01", "2022-04-01", "2026-09-01-preview", "2030-12-31",
                                        "2024-02-29", "2020-04-01-beta", "2020-04-01-alpha", "2020-04-01-privatepreview"}) {
        EXPECT_TRUE(is_api_version(good)) << good;
    }
    for (const std::string_view bad :
         {"", "x", "2020", "2013-12-31", "1999-01-01", "2025-13-01", "2025-02-30", "2025-00-01", "2025-1-01", "2025-11-01-",
          "2025-11-01-other", "2025-11-01preview", "2025/11/01", "-025-11-01", "+025-11-01", "2025-11-01 ", "20251101"}) {
        EXPECT_FALSE(is_api_version(bad)) << bad;
    }
}

TEST(ApiVersion, IsOneThatTheProviderHas) {
    constexpr std::string_view registry = "Microsoft.ContainerRegistry";
    for (const std::string_view good : {"2017-03-01", "2019-05-01", "2025-11-01", "2022-02-01-preview", "2026-09-01-preview",
                                        "2027-01-01", "2027-01-01-preview", "2026-12-24", "2018-02-01-preview"}) {
        EXPECT_TRUE(is_served_version(registry, good)) << good;
    }
    for (const std::string_view bad : {"", "x", "2016-01-01", "2014-04-01-preview", "2024-02-02-preview", "2025-11-01-preview",
                                       "2025-11-01-beta", "2022-02-01-alpha"}) {
        EXPECT_FALSE(is_served_version(registry, bad)) << bad;
    }
    EXPECT_TRUE(is_served_version("microsoft.authorization", "2022-05-01-preview"));
    EXPECT_TRUE(is_served_version("Microsoft.Authorization", "2016-09-01"));
    EXPECT_TRUE(is_served_version("Microsoft.Resources", "2024-11-01"));
    EXPECT_FALSE(is_served_version("Microsoft.Resources", "2024-11-01-preview"));
    EXPECT_TRUE(is_served_version("Microsoft.HybridNetwork", "2023-09-01-preview"));
}

TEST(ApiVersion, IsOfTheProviderThatTheRouteNamesLast) {
    EXPECT_EQ(provider_of_pattern("/subscriptions/{subscription}"), "Microsoft.Resources");
    EXPECT_EQ(provider_of_pattern("/{scope...}/providers/Microsoft.Authorization/locks/{lock}"), "Microsoft.Authorization");
    EXPECT_EQ(provider_of_pattern("/subscriptions/{s}/providers/{provider}/register"), "Microsoft.Resources");
    EXPECT_EQ(provider_of_pattern("/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.ContainerRegistry/registries/{r}"),
              "Microsoft.ContainerRegistry");
}

TEST(Locations, AreOneName) {
    EXPECT_EQ(normalize_location("West Europe"), "westeurope");
    EXPECT_EQ(normalize_location("eastus2"), "eastus2");
    EXPECT_EQ(normalize_location("site-7"), "site-7");
    for (const std::string_view bad : {"", "   ", "a/b", "a'b", "a\tb", "caf\xC3\xA9"})
        EXPECT_FALSE(normalize_location(bad)) << bad;
    EXPECT_FALSE(normalize_location(std::string(65, 'a')));
}

TEST(CloudMetadata, HasTheFormOfItsVersion) {
    const CloudAddresses cloud{
        "https://localhost:5443", {"https://localhost:5443", "https://management.azure.com"}, ".localhost:5443"};
    const auto first = cloud_metadata(cloud, "2015-01-01");
    for (const std::string_view name : {"galleryEndpoint", "graphEndpoint"})
        EXPECT_TRUE(first.as_object().contains(name)) << name;
    EXPECT_EQ(first.at("authentication").at("loginEndpoint").as_string(), "https://localhost:5443/adfs");
    EXPECT_EQ(first.at("authentication").at("audiences").at(0).as_string(), "https://localhost:5443");
    for (const std::string_view version : {"2019-05-01", "2020-06-01"}) {
        const auto list = cloud_metadata(cloud, version);
        ASSERT_EQ(list.as_array().size(), 1U) << version;
        EXPECT_EQ(list.at(0).at("suffixes").at("acrLoginServer").as_string(), ".localhost:5443");
    }
    const auto last = cloud_metadata(cloud, "2022-09-01");
    for (const std::string_view name : {"name", "suffixes", "authentication", "resourceManager", "microsoftGraphResourceId"}) {
        EXPECT_TRUE(last.as_object().contains(name)) << name;
    }
}

TEST(ProviderOperations, AreThoseThatRolesCanName) {
    const auto operations = provider_operations("microsoft.containerregistry");
    ASSERT_TRUE(operations);
    EXPECT_EQ(operations->at("name").as_string(), "Microsoft.ContainerRegistry");
    std::size_t count = operations->at("operations").as_array().size();
    std::size_t data_actions = 0;
    bool has_ping = false;
    for (const auto& type : operations->at("resourceTypes").as_array()) {
        for (const auto& operation : type.at("operations").as_array()) {
            ++count;
            data_actions += operation.at("isDataAction").as_bool() ? 1 : 0;
            EXPECT_FALSE(operation.at("displayName").as_string().empty());
            has_ping = has_ping || (type.at("name") == "registries/webhooks" &&
                                    operation.at("name") == "Microsoft.ContainerRegistry/registries/webhooks/ping/action");
        }
    }
    std::size_t known = 0;
    for (std::size_t i = 0; i < rbac::Operation::count(); ++i) {
        known += rbac::Operation::at(i).name().starts_with("Microsoft.ContainerRegistry/") ? 1 : 0;
    }
    EXPECT_EQ(count, known);
    EXPECT_EQ(data_actions, 14U);
    EXPECT_TRUE(has_ping);
    EXPECT_FALSE(provider_operations("Microsoft.Nothing"));
    EXPECT_FALSE(provider_operations(""));
}

} // namespace
} // namespace berth::control_plane
