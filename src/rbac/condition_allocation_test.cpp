// Conditions are asked while a request waits: asking one allocates nothing. This counts every allocation of the thread.

#include "rbac/condition.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

namespace {
thread_local std::size_t allocations = 0;
} // namespace

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace berth::rbac {
namespace {

TEST(ConditionAllocation, AskingAllocatesNothing) {
    const std::vector<SecurityAttribute> security{{.name = "Set_A", .values = {"a value too long for a small string", "12"}}};
    const AssignmentAttributes assignment{.role_definition = *Guid::parse("7f951dda-4ed3-4680-a7ca-43fe172d538d"),
                                          .principal = *Guid::parse("28c35fea-2099-4cf5-8ad9-473547bc9423"),
                                          .principal_type = "ServicePrincipal"};
    const Attributes attributes{.repository = "a/repository/whose/name/is/not/short",
                                .requested_assignment = &assignment,
                                .existing_assignment = &assignment,
                                .principal = security,
                                .now = from_microseconds(1)};
    constexpr std::string_view a = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Set_A]";
    constexpr std::string_view name = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]";
    const std::string texts[] = {
        "ActionMatches{'Microsoft.ContainerRegistry/*'} AND SubOperationMatches{'x'}",
        "NOT Exists " + std::string(a),
        std::string(name) + " StringLikeIgnoreCase 'A/*/whose/n?me/*'",
        std::string(name) + " ForAllOfAnyValues:StringStartsWith {'b/', 'a/repository/whose/name'}",
        std::string(a) + " ForAnyOfAllValues:StringNotEqualsIgnoreCase {'x', 'y'}",
        std::string(a) + " ForAnyOfAnyValues:NumericGreaterThan {11.5}",
        std::string(a) + " ForAnyOfAnyValues:DateTimeEquals {'2026-11-22T21:10:27Z'}",
        std::string(a) + " ForAnyOfAnyValues:BoolEquals {true}",
        std::string(a) + " ForAnyOfAnyValues:GuidEquals {8e3af657-a8ff-443c-a75c-2fe8c4bcb635}",
        "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals "
        "{8e3af657-a8ff-443c-a75c-2fe8c4bcb635, 7f951dda-4ed3-4680-a7ca-43fe172d538d}",
        "@Resource[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'serviceprincipal'",
        "@Environment[UtcNow] DateTimeLessThan '2026-11-22T21:10:27Z'",
        std::string(name) + " ForAnyOfAnyValues:StringLike " + std::string(a),
    };
    const auto operation = Operation::known("Microsoft.ContainerRegistry/registries/read");
    for (const auto& text : texts) {
        auto before = allocations;
        const auto condition = Condition::parse(text);
        ASSERT_TRUE(condition) << condition.error().message;
        ASSERT_GT(allocations, before) << "reading allocates, so the counter counts";
        before = allocations;
        const bool held = (*condition)->holds(operation, attributes);
        EXPECT_EQ(allocations, before) << text << held;
    }
}

} // namespace
} // namespace berth::rbac
