#include "control_plane/resource_filter.hpp"

#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

tenant::Resource resource() {
    return {.guid = Guid::random(),
            .tenant = Guid::random(),
            .subscription = Guid::random(),
            .resource_group = "Prod",
            .type = "Microsoft.ContainerRegistry/registries",
            .name = "contoso",
            .scope = rbac::Scope::root(),
            .location = "westeurope",
            .tags = {{"env", "prod"}, {"Team", "blue"}},
            .sku = std::nullopt,
            .properties = {},
            .created_by = {},
            .updated_by = {}};
}

struct Row {
    std::string_view filter;
    bool matches;
};

class ResourceFilters : public testing::TestWithParam<Row> {};

TEST_P(ResourceFilters, Match) {
    const auto filter = ResourceFilter::parse(GetParam().filter);
    ASSERT_TRUE(filter) << filter.error().message;
    EXPECT_EQ(filter->matches(resource()), GetParam().matches) << GetParam().filter;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ResourceFilters,
    testing::Values(Row{"", true}, Row{"resourceType eq 'microsoft.containerregistry/REGISTRIES'", true},
                    Row{"resourceType eq 'Microsoft.Web/sites'", false}, Row{"resourceType ne 'Microsoft.Web/sites'", true},
                    Row{"name eq 'CONTOSO' and resourceGroup eq 'prod'", true},
                    Row{"name eq 'contoso' and resourceGroup eq 'dev'", false},
                    Row{"name eq 'other' or location eq 'westeurope'", true}, Row{"not name eq 'contoso'", false},
                    Row{"name in ('a','contoso')", true}, Row{"substringof('tos', name)", true},
                    Row{"substringof('xyz', name)", false}, Row{"startswith(name, 'cont')", true},
                    Row{"startswith(name, 'tos')", false}, Row{"tagName eq 'ENV'", true}, Row{"tagName eq 'none'", false},
                    Row{"tagName eq 'env' and tagValue eq 'prod'", true}, Row{"tagName eq 'env' and tagValue eq 'blue'", false},
                    Row{"tagName eq 'env' and tagValue eq 'PROD'", false}, Row{"tagValue eq 'blue'", true},
                    Row{"startswith(tagName, 'te')", true}, Row{"startswith(tagName, 'zz')", false}));

TEST(ResourceFilter, OthersAreRefused) {
    for (const std::string_view text :
         {"id eq '/x'", "name gt 'a'", "substringof(name)", "substringof('x', id)", "startswith(tagValue, 'x')", "name eq",
          "name eq 'a' and", "name eq 'a' union select 1", "atScope()", "name eq 'a'' or 1 eq 1"}) {
        const auto filter = ResourceFilter::parse(text);
        ASSERT_FALSE(filter) << text;
        EXPECT_EQ(filter.error().code, ErrorCode::invalid_parameter) << text;
    }
}

TEST(ResourceFilter, NamesTheTypeThatIsAskedFor) {
    EXPECT_EQ(ResourceFilter::parse("name eq 'a' and resourceType eq 'T/x'")->only_type(), "T/x");
    EXPECT_EQ(ResourceFilter::parse("resourceType eq 'T/x'")->only_type(), "T/x");
    EXPECT_FALSE(ResourceFilter::parse("name eq 'a' or resourceType eq 'T/x'")->only_type());
    EXPECT_FALSE(ResourceFilter::parse("resourceType ne 'T/x'")->only_type());
}

} // namespace
} // namespace berth::control_plane
