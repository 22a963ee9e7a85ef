#include "rbac/standings.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::rbac {
namespace {

Guid id(std::size_t number) { return *Guid::parse(fmt::format("00000000-0000-4000-8000-{:012}", number)); }

RoleAssignment assignment(std::size_t principal, std::string_view scope) {
    return {.id = Guid::random(),
            .scope = *Scope::parse(scope),
            .role_definition = id(0),
            .principal = id(principal),
            .principal_type = "Group",
            .condition = {},
            .description = {},
            .created_at = {},
            .created_by = {},
            .updated_at = {},
            .updated_by = {}};
}

class StandingsTest : public testing::Test {
protected:
    // Group 10 holds something; 1 and 2 are in it, 3 too and holds something itself; 4 is in an empty group; 20 is a link
    // to 10.
    StandingsTest() {
        operations_.all = operations_.unconditional = operations_matching("*/read", false);
        for (const auto& each : assignments_) grants_.push_back({&each, nullptr, &operations_});
    }
    SharedList<RoleAssignment> assignments_{
        std::vector<RoleAssignment>{assignment(10, "/subscriptions/a"), assignment(3, "/subscriptions/b"),
                                    assignment(10, "/subscriptions/c"), assignment(10, "/subscriptions/a")}};
    std::vector<GroupMembership> memberships_{
        {id(10), id(1)}, {id(10), id(2)}, {id(10), id(3)}, {id(11), id(4)}, {id(10), id(20)}};
    RoleOperations operations_;
    Principals principals_{assignments_, memberships_, {}};
    std::vector<Grant> grants_;
};

TEST_F(StandingsTest, WhoHoldsTheSameSharesOne) {
    Standings standings(principals_, grants_);
    auto first = standings.of(principals_.find(id(1)));
    EXPECT_TRUE(first.is_kept());
    EXPECT_EQ(&*first, &*standings.of(principals_.find(id(1))));
    EXPECT_EQ(&*first, &*standings.of(principals_.find(id(2))));
    EXPECT_EQ(&*first, &*standings.of(principals_.find(id(10))));
    EXPECT_NE(&*first, &*standings.of(principals_.find(id(3))));
    EXPECT_EQ(first->holdings().size(), 2U);
    EXPECT_EQ(standings.of(principals_.find(id(3)))->holdings().size(), 3U);
    EXPECT_TRUE(standings.of(principals_.find(id(4)))->holdings().empty());
}

TEST_F(StandingsTest, AtAScopeTheDecisiveComeFirst) {
    Standings standings(principals_, grants_);
    auto standing = standings.of(principals_.find(id(1)));
    auto scope = *Scope::parse("/subscriptions/A/resourceGroups/g");
    EXPECT_EQ(standing->at(scope.levels()[0], scope.key().data()), nullptr);
    const auto* holding = standing->at(scope.levels()[1], scope.key().data());
    ASSERT_TRUE(holding);
    ASSERT_EQ(standing->all(*holding).size(), 2U);
    ASSERT_EQ(standing->decisive(*holding).size(), 1U);
    EXPECT_EQ(standing->all(*holding)[0].assignment, &assignments_[0]);
    EXPECT_EQ(standing->all(*holding)[1].assignment, &assignments_[3]);
}

// Names in the order of the holding, and how many of them are decisive.
std::pair<std::vector<std::string>, std::size_t> ordered(std::span<const RoleAssignment> assignments,
                                                         std::span<const RoleOperations> operations) {
    std::vector<Grant> grants;
    for (std::size_t i = 0; i < assignments.size(); ++i) grants.push_back({&assignments[i], nullptr, &operations[i]});
    Standing standing(grants);
    EXPECT_EQ(standing.holdings().size(), 1U);
    const auto& holding = standing.holdings()[0];
    std::vector<std::string> names;
    for (const auto& grant : standing.all(holding)) names.push_back(*grant.assignment->description);
    return {names, standing.decisive(holding).size()};
}

TEST(Standing, WhatGrantsNothingNewIsNotDecisive) {
    std::vector<RoleAssignment> assignments;
    std::vector<RoleOperations> operations;
    auto add = [&](std::string name, std::string_view pattern) {
        assignments.push_back(assignment(1, "/subscriptions/a"));
        assignments.back().description = std::move(name);
        operations.emplace_back();
        operations.back().all = operations.back().unconditional = operations_matching(pattern, false);
    };
    add("reads", "*/read");
    add("pulls", "*/pull/read");
    add("writes", "*/write");
    add("nothing", "no/such");
    add("deletes", "*/delete");
    auto [names, decisive] = ordered(assignments, operations);
    EXPECT_EQ(names, (std::vector<std::string>{"reads", "writes", "deletes", "pulls", "nothing"}));
    EXPECT_EQ(decisive, 3U);
}

TEST(Standing, AConditionMakesNoOtherAssignmentRedundant) {
    std::vector<RoleAssignment> assignments;
    std::vector<RoleOperations> operations;
    auto add = [&](std::string name, std::string_view pattern, bool conditional) {
        assignments.push_back(assignment(1, "/subscriptions/a"));
        assignments.back().description = std::move(name);
        if (conditional) assignments.back().condition = Condition::never("...");
        operations.emplace_back();
        operations.back().all = operations.back().unconditional = operations_matching(pattern, false);
    };
    add("all, on a condition", "*", true);
    add("all, on another", "*", true);
    add("pulls, on a condition", "*/pull/read", true);
    add("reads", "*/read", false);
    auto [names, decisive] = ordered(assignments, operations);
    EXPECT_EQ(names, (std::vector<std::string>{"reads", "all, on a condition", "all, on another", "pulls, on a condition"}));
    EXPECT_EQ(decisive, 3U);
}

TEST_F(StandingsTest, AboveTheLimitNothingMoreIsKeptAndTheAnswerIsTheSame) {
    Standings standings(principals_, grants_, {}, 0);
    for (int i = 0; i < 2; ++i) {
        auto made = standings.of(principals_.find(id(3)));
        EXPECT_FALSE(made.is_kept());
        EXPECT_EQ(made->holdings().size(), 3U);
    }
    Standings roomy(principals_, grants_);
    auto bytes = roomy.of(principals_.find(id(1)))->bytes();
    Standings tight(principals_, grants_, {}, bytes + 16);
    EXPECT_TRUE(tight.of(principals_.find(id(1))).is_kept());
    EXPECT_FALSE(tight.of(principals_.find(id(3))).is_kept());
    EXPECT_TRUE(tight.of(principals_.find(id(2))).is_kept()); // shares the first
}

TEST_F(StandingsTest, LinksCountAndShareWhatIsTheSame) {
    Standings standings(principals_, grants_);
    const auto nobody = principals_.find(id(4));
    const std::vector<std::uint32_t> links{principals_.find(id(20))};
    auto with = standings.of(nobody, links);
    EXPECT_TRUE(with.is_kept());
    EXPECT_EQ(with->holdings().size(), 2U);
    EXPECT_EQ(&*with, &*standings.of(nobody, links));
    EXPECT_EQ(&*with, &*standings.of(Principals::none, links));
    EXPECT_EQ(&*with, &*standings.of(principals_.find(id(1)), links));
    EXPECT_EQ(standings.of(principals_.find(id(3)), links)->holdings().size(), 3U);
    EXPECT_TRUE(standings.of(nobody)->holdings().empty()) << "only for who was asked about with them";
    EXPECT_TRUE(standings.of(nobody, {})->holdings().empty());
}

TEST_F(StandingsTest, WithLinksLessIsKept) {
    const std::vector<std::uint32_t> links{principals_.find(id(20))};
    Standings roomy(principals_, grants_);
    const auto bytes = roomy.of(principals_.find(id(4)), links)->bytes();
    Standings tight(principals_, grants_, {}, 2 * bytes);
    for (int i = 0; i < 2; ++i) {
        auto made = tight.of(principals_.find(id(4)), links);
        EXPECT_FALSE(made.is_kept());
        EXPECT_EQ(made->holdings().size(), 2U);
    }
    EXPECT_TRUE(tight.of(principals_.find(id(1))).is_kept()) << "there is room for who has none";
}

} // namespace
} // namespace berth::rbac
