#include "rbac/scope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace berth::rbac {
namespace {

using testing::ElementsAre;

Scope scope(std::string_view text) {
    auto out = Scope::parse(text);
    EXPECT_TRUE(out.has_value()) << text;
    return out ? *out : Scope::root();
}

std::vector<std::string> chain(std::string_view text) {
    auto parsed = scope(text);
    std::vector<std::string> out;
    for (std::string_view level : parsed.chain()) out.emplace_back(level);
    return out;
}

TEST(Scope, KeepsTheSpellingAndComparesWithoutIt) {
    auto mixed = scope("/Subscriptions/S1/resourceGroups/Rg1");
    EXPECT_EQ(mixed.value(), "/Subscriptions/S1/resourceGroups/Rg1");
    EXPECT_EQ(mixed.key(), "/subscriptions/s1/resourcegroups/rg1");
    EXPECT_EQ(mixed, scope("/subscriptions/s1/RESOURCEGROUPS/rg1"));
    EXPECT_NE(mixed, scope("/subscriptions/s1/resourcegroups/rg2"));
}

TEST(Scope, CollapsesEmptySegments) {
    EXPECT_EQ(scope("//subscriptions///s1//").value(), "/subscriptions/s1");
    EXPECT_EQ(scope("/").value(), "/");
    EXPECT_EQ(scope("////").value(), "/");
    EXPECT_EQ(scope("//"), Scope::root());
    // As one of the SDKs writes it when there is no parent path.
    EXPECT_EQ(scope("/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry//registries/r"),
              scope("/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r"));
}

TEST(Scope, RefusesWhatIsNoScope) {
    const std::string bad[] = {"",
                               "subscriptions/s1",
                               " /subscriptions/s1",
                               "/subscriptions/../s1",
                               "/subscriptions/s1/..",
                               "/..",
                               "/.",
                               "/subscriptions/./s1",
                               std::string("/subscriptions/s\0001", 17),
                               "/subscriptions/s\n1",
                               "/subscriptions/s\x7F",
                               "/" + std::string(Scope::longest, 'a')};
    for (const auto& text : bad) {
        auto parsed = Scope::parse(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::bad_request);
        EXPECT_FALSE(parsed.error().message.empty());
    }
    EXPECT_TRUE(Scope::parse("/" + std::string(Scope::longest - 1, 'a')).has_value());
    EXPECT_TRUE(Scope::parse("/subscriptions/..s1/.x").has_value()); // dots in a name lead nowhere
}

TEST(Scope, TheDeepestScopeHasItsWholeChain) {
    std::string text = "/subscriptions/s/resourceGroups/g/providers/n";
    while (text.size() + 4 <= Scope::longest) text += "/t/n";
    auto parsed = scope(text);
    EXPECT_EQ(parsed.chain().size(),
              3 + (text.size() - std::string("/subscriptions/s/resourceGroups/g/providers/n").size()) / 4);
    for (std::string_view level : parsed.chain()) EXPECT_TRUE(scope(level).covers(parsed));
}

TEST(Scope, TheChainHasTheBoundariesAtWhichAScopeCanEnd) {
    EXPECT_THAT(chain("/"), ElementsAre("/"));
    EXPECT_THAT(chain("/subscriptions/S"), ElementsAre("/subscriptions/s", "/"));
    EXPECT_THAT(chain("/subscriptions/s/resourceGroups/g"),
                ElementsAre("/subscriptions/s/resourcegroups/g", "/subscriptions/s", "/"));
    EXPECT_THAT(chain("/subscriptions/s/resourceGroups/g/providers/N/T/r"),
                ElementsAre("/subscriptions/s/resourcegroups/g/providers/n/t/r", "/subscriptions/s/resourcegroups/g",
                            "/subscriptions/s", "/"));
    EXPECT_THAT(chain("/subscriptions/s/resourceGroups/g/providers/N/T/r/child/c/grandchild/d"),
                ElementsAre("/subscriptions/s/resourcegroups/g/providers/n/t/r/child/c/grandchild/d",
                            "/subscriptions/s/resourcegroups/g/providers/n/t/r/child/c",
                            "/subscriptions/s/resourcegroups/g/providers/n/t/r", "/subscriptions/s/resourcegroups/g",
                            "/subscriptions/s", "/"));
    EXPECT_THAT(chain("/subscriptions/s/providers/N/T/r"),
                ElementsAre("/subscriptions/s/providers/n/t/r", "/subscriptions/s", "/"));
    EXPECT_THAT(chain("/providers/Microsoft.Management/managementGroups/m"),
                ElementsAre("/providers/microsoft.management/managementgroups/m", "/"));
    // Extension resources hang on what they extend.
    EXPECT_THAT(chain("/subscriptions/s/providers/N/T/r/providers/E/X/y"),
                ElementsAre("/subscriptions/s/providers/n/t/r/providers/e/x/y", "/subscriptions/s/providers/n/t/r",
                            "/subscriptions/s", "/"));
    // What is no boundary is itself and below the last boundary it contains.
    EXPECT_THAT(chain("/subscriptions"), ElementsAre("/subscriptions", "/"));
    EXPECT_THAT(chain("/subscriptions/s/resourceGroups"),
                ElementsAre("/subscriptions/s/resourcegroups", "/subscriptions/s", "/"));
    EXPECT_THAT(chain("/subscriptions/s/providers/N"), ElementsAre("/subscriptions/s/providers/n", "/subscriptions/s", "/"));
    EXPECT_THAT(chain("/resourceGroups/g/x/y"), ElementsAre("/resourcegroups/g/x/y", "/"));
}

TEST(Scope, SaysWhatItIsByItsShape) {
    EXPECT_EQ(scope("/").kind(), ScopeKind::root);
    EXPECT_EQ(Scope::root().kind(), ScopeKind::root);
    EXPECT_EQ(scope("/providers/microsoft.MANAGEMENT/managementGroups/m").kind(), ScopeKind::management_group);
    EXPECT_EQ(scope("/subscriptions/s").kind(), ScopeKind::subscription);
    EXPECT_EQ(scope("/subscriptions/s/resourcegroups/g").kind(), ScopeKind::resource_group);
    EXPECT_EQ(scope("/subscriptions/s/resourcegroups/g/providers/n/t/r").kind(), ScopeKind::resource);
    EXPECT_EQ(scope("/subscriptions/s/resourcegroups/g/providers/n/t/r/c/d").kind(), ScopeKind::resource);
    EXPECT_EQ(scope("/providers/n/t/r").kind(), ScopeKind::resource);
    EXPECT_EQ(scope("/subscriptions/s/providers/microsoft.management/managementgroups/m").kind(), ScopeKind::resource);
    for (const auto* text :
         {"/subscriptions", "/resourcegroups/g", "/subscriptions/s/resourcegroups", "/subscriptions/s/x/y",
          "/subscriptions/s/resourcegroups/g/resourcegroups/h", "/subscriptions/s/resourcegroups/g/providers/n/t",
          "/subscriptions/s/resourcegroups/g/providers/n/t/r/c", "/x/y"}) {
        EXPECT_EQ(scope(text).kind(), ScopeKind::other) << text;
    }
}

struct CoverCase {
    const char* above;
    const char* below;
    bool covers;
};

TEST(Scope, CoversItselfAndWhatLiesBelow) {
    const CoverCase table[] = {
        {"/", "/", true},
        {"/", "/subscriptions/s", true},
        {"/", "/providers/Microsoft.Management/managementGroups/m", true},
        {"/subscriptions/s", "/", false},
        {"/subscriptions/s", "/subscriptions/s", true},
        {"/subscriptions/s", "/Subscriptions/S/resourceGroups/rg1", true},
        {"/subscriptions/s", "/subscriptions/s2", false},
        {"/subscriptions/s", "/subscriptions/s2/resourceGroups/rg1", false},
        {"/subscriptions/s/resourceGroups/rg1", "/subscriptions/s", false},
        {"/subscriptions/s/resourceGroups/rg1", "/subscriptions/s/resourcegroups/RG1/providers/n/t/r", true},
        {"/subscriptions/s/resourceGroups/rg1", "//subscriptions//s/resourcegroups//RG1/providers/n/t/r/", true},
        {"/subscriptions/s/resourceGroups/rg1", "/subscriptions/s/resourceGroups/rg10", false},
        {"/subscriptions/s/resourceGroups/rg1", "/subscriptions/s/resourceGroups/rg10/providers/n/t/r", false},
        {"/subscriptions/s/resourceGroups/rg10", "/subscriptions/s/resourceGroups/rg1/providers/n/t/r", false},
        {"/subscriptions/s/resourceGroups/rg1", "/subscriptions/t/resourceGroups/rg1/providers/n/t/r", false},
        {"/subscriptions/s/resourceGroups/g/providers/n/t/r", "/subscriptions/s/resourceGroups/g/providers/n/t/r/c/d", true},
        {"/subscriptions/s/resourceGroups/g/providers/n/t/r", "/subscriptions/s/resourceGroups/g/providers/n/t/r2", false},
        {"/subscriptions/s/resourceGroups/g/providers/n/t/r/c/d", "/subscriptions/s/resourceGroups/g/providers/n/t/r", false},
        // No place where a scope can end covers anything but itself.
        {"/subscriptions", "/subscriptions/s", false},
        {"/subscriptions", "/subscriptions", true},
        {"/subscriptions/s/resourceGroups", "/subscriptions/s/resourceGroups/g", false},
        {"/subscriptions/s/resourceGroups/g/providers/n", "/subscriptions/s/resourceGroups/g/providers/n/t/r", false},
        // Look-alikes are others: Cyrillic and full-width letters, encoded slashes.
        {"/subscriptions/s/resourceGroups/rg", "/subscriptions/s/resourceGroups/r\u0261", false},
        {"/subscriptions/a", "/subscriptions/\u0430/resourceGroups/g", false},
        {"/subscriptions/s", "/subscriptions/\uFF33", false},
        {"/subscriptions/s", "/subscriptions/s%2FresourceGroups%2Fg", false},
    };
    for (const auto& row : table) {
        auto above = scope(row.above);
        auto below = scope(row.below);
        EXPECT_EQ(above.covers(below), row.covers) << row.above << " over " << row.below;
        bool in_chain = false;
        for (auto level : below.chain()) in_chain = in_chain || level == above.key();
        EXPECT_EQ(in_chain, row.covers) << row.above << " in the chain of " << row.below;
    }
}

TEST(Scope, EqualTextsHashAlikeInWhateverScopeTheyAre) {
    auto deep = scope("/subscriptions/s/resourceGroups/g/providers/n/t/r/c/d");
    for (std::size_t i = 0; i < deep.levels().size(); ++i) {
        auto own = scope(deep.chain()[i]);
        EXPECT_EQ(own.levels().front(), deep.levels()[i]);
    }
    EXPECT_NE(scope("/subscriptions/s").levels().front().hash, scope("/subscriptions/t").levels().front().hash);
}

TEST(Scope, IsAValue) {
    // Short enough that the string keeps it inside itself: views into it would not survive a move.
    auto first = scope("/a/b");
    auto copy = first;
    auto moved = std::move(first);
    std::vector<Scope> many(10, moved);
    many.reserve(1000);
    for (const auto& each : {copy, moved, many.front(), many.back()}) {
        EXPECT_EQ(each.value(), "/a/b");
        EXPECT_EQ(each.chain()[0], "/a/b");
        EXPECT_EQ(each.chain()[0].data(), each.key().data());
        EXPECT_EQ(each.chain()[1], "/");
    }
    copy = scope("/subscriptions/s");
    EXPECT_EQ(copy.chain()[0], "/subscriptions/s");
    moved = std::move(copy);
    EXPECT_EQ(moved.chain()[0], "/subscriptions/s");
    EXPECT_TRUE(moved.covers(scope("/subscriptions/s/resourceGroups/g")));
}

} // namespace
} // namespace berth::rbac
