// Building a policy from a changed copy of another's input.

#include "rbac/policy.hpp"
#include "rbac/testing/policy_draft.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::rbac::testing {
namespace {

using ::testing::ElementsAre;

const Operation pull = registry("pull/read");
const Operation push = registry("push/write");

std::vector<Permission> actions(std::string_view pattern) {
    return {{.actions = {std::string(pattern)}, .not_actions = {}, .data_actions = {}, .not_data_actions = {}}};
}

TEST(SharedList, CopiesShareTheirRecords) {
    SharedList<std::string> list(std::vector<std::string>{"one", "two", "three"});
    auto copy = list;
    EXPECT_EQ(&copy[1], &list[1]);
    copy.replace(1, "deux");
    copy.edit(2, [](std::string& text) { text += "!"; });
    copy.erase(0);
    copy.push_back("four");
    EXPECT_THAT(list, ElementsAre("one", "two", "three"));
    EXPECT_THAT(copy, ElementsAre("deux", "three!", "four"));
    EXPECT_EQ(copy.front(), "deux");
    EXPECT_EQ(copy.back(), "four");
    copy.clear();
    EXPECT_TRUE(copy.empty());
    EXPECT_EQ(copy.begin(), copy.end());
    EXPECT_EQ(list.size(), 3U);
}

TEST(PolicyBuild, ACopyOfTheInputSharesTheRecords) {
    auto before = PolicyDraft().role(id(200), actions("*")).assign(alice, id(200), "/").compile();
    auto after = Policy::compile(before->input(), before.get());
    EXPECT_EQ(&before->custom_roles()[0], &after->custom_roles()[0]);
    EXPECT_EQ(&before->assignments()[0], &after->assignments()[0]);
}

TEST(PolicyBuild, OutlivesThePolicyItWasMadeFrom) {
    auto before =
        PolicyDraft().role(id(200), actions("*")).assign(alice, id(200), "/").deny({everyone}, {"*/write"}, "/").compile();
    EXPECT_TRUE(allows(*before, alice, pull, registry_scope));
    auto after = Policy::compile(before->input(), before.get());
    before.reset();
    EXPECT_TRUE(allows(*after, alice, pull, registry_scope));
    EXPECT_FALSE(allows(*after, alice, push, registry_scope));
}

TEST(PolicyBuild, AChangedRoleIsReadAnew) {
    PolicyDraft draft;
    draft.role(id(200), actions("*/pull/read")).role(id(201), actions("*/push/write"));
    draft.assign(alice, id(200), "/").assign(bob, id(201), "/");
    auto before = draft.compile();
    draft.input.custom_roles.edit(0, [](RoleDefinition& role) { role.permissions = actions("*/push/write"); });
    auto after = Policy::compile(draft.input, before.get());
    EXPECT_TRUE(allows(*before, alice, pull, "/"));
    EXPECT_FALSE(allows(*after, alice, pull, "/"));
    EXPECT_TRUE(allows(*after, alice, push, "/"));
    EXPECT_TRUE(allows(*after, bob, push, "/"));
}

TEST(PolicyBuild, ARoleThatMovedOrWasNotAssignedBeforeIsRight) {
    PolicyDraft draft;
    draft.role(id(200), actions("*/pull/read")).role(id(201), actions("*/push/write")).assign(bob, id(201), "/");
    auto before = draft.compile();
    draft.input.custom_roles.erase(0);
    draft.role(id(200), actions("*/delete")).assign(alice, id(200), "/");
    auto after = Policy::compile(draft.input, before.get());
    EXPECT_TRUE(allows(*after, bob, push, "/"));
    EXPECT_FALSE(allows(*after, alice, pull, "/"));
    EXPECT_TRUE(allows(*after, alice, registry("delete"), "/"));
}

} // namespace
} // namespace berth::rbac::testing
