#include "tenant/scope_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace berth::tenant {
namespace {

TEST(ScopeMapEntry, ReadsWhatAzureWrites) {
    const struct {
        std::string_view text;
        TokenAction action;
        std::string_view repository;
        bool is_prefix;
        std::string_view again;
    } rows[] = {
        {"repositories/app/content/read", TokenAction::content_read, "app", false, "repositories/app/content/read"},
        {"repositories/Team/App/content/write", TokenAction::content_write, "team/app", false,
         "repositories/team/app/content/write"},
        {"Repositories/APP/Content/DELETE", TokenAction::content_delete, "app", false, "repositories/app/content/delete"},
        {"repositories/app/metadata/read", TokenAction::metadata_read, "app", false, "repositories/app/metadata/read"},
        {"repositories/*/metadata/write", TokenAction::metadata_write, "", true, "repositories/*/metadata/write"},
        {"repositories/team/*/content/read", TokenAction::content_read, "team/", true, "repositories/team/*/content/read"},
        // A repository may be called like an action.
        {"repositories/content/read/content/read", TokenAction::content_read, "content/read", false,
         "repositories/content/read/content/read"},
    };
    for (const auto& row : rows) {
        const auto entry = ScopeMapEntry::parse(row.text);
        ASSERT_TRUE(entry) << row.text;
        EXPECT_EQ(entry->action, row.action) << row.text;
        EXPECT_EQ(entry->repository, row.repository) << row.text;
        EXPECT_EQ(entry->is_prefix, row.is_prefix) << row.text;
        EXPECT_EQ(entry->to_string(), row.again);
    }
}

TEST(ScopeMapEntry, RefusesTheRest) {
    for (const std::string_view text : {"",
                                        "repositories",
                                        "repositories/",
                                        "repositories/content/read",
                                        "repositories//content/read",
                                        "repositories/app/content",
                                        "repositories/app/content/",
                                        "repositories/app/content/read/",
                                        "repositories/app/read",
                                        "repositories/app/metadata/delete",
                                        "app/content/read",
                                        "/repositories/app/content/read",
                                        "repositories/*app/content/read",
                                        "repositories/a*/content/read",
                                        "repositories/a/*/b/content/read",
                                        "repositories/**/content/read",
                                        "repositories/*/*/content/read",
                                        "repositories//*/content/read",
                                        "repositories/../content/read",
                                        "repositories/app /content/read",
                                        "repositories/\xc3\xa4pp/content/read",
                                        "gateway/edge/config/read",
                                        "repositories/appcontent/read"}) {
        const auto entry = ScopeMapEntry::parse(text);
        ASSERT_FALSE(entry) << text;
        EXPECT_EQ(entry.error().code, ErrorCode::invalid_parameter);
    }
    const auto long_one = ScopeMapEntry::parse("repositories/" + std::string(100'000, 'a') + "/content/read");
    ASSERT_FALSE(long_one);
    EXPECT_LT(long_one.error().message.size(), 1000U);
}

TEST(ScopeMap, AllowsWhatItsEntriesSay) {
    const auto map_of = [](std::initializer_list<std::string_view> texts) {
        std::vector<ScopeMapEntry> entries;
        for (const auto text : texts) entries.push_back(*ScopeMapEntry::parse(text));
        return ScopeMap(std::move(entries));
    };
    const ScopeMap map = map_of({"repositories/app/content/read", "repositories/team/*/content/write",
                                 "repositories/app/content/read", "repositories/*/metadata/read"});
    EXPECT_EQ(map.entries().size(), 3U) << "each once";
    const struct {
        std::string_view repository;
        TokenAction action;
        bool allowed;
    } rows[] = {
        {"app", TokenAction::content_read, true},       {"app", TokenAction::content_write, false},
        {"app2", TokenAction::content_read, false},     {"app/x", TokenAction::content_read, false},
        {"team/x", TokenAction::content_write, true},   {"team/x/y", TokenAction::content_write, true},
        {"team", TokenAction::content_write, false},    {"team2/x", TokenAction::content_write, false},
        {"anything", TokenAction::metadata_read, true}, {"anything", TokenAction::metadata_write, false},
        {"", TokenAction::metadata_read, false},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(map.allows(row.repository, row.action), row.allowed) << row.repository << ' ' << to_string(row.action);
    }
    EXPECT_TRUE(map.may_allow(TokenAction::content_write));
    EXPECT_FALSE(map.may_allow(TokenAction::content_delete));
    EXPECT_FALSE(ScopeMap().allows("app", TokenAction::content_read));
}

TEST(ScopeMap, TheSystemsOwnAreKnownByName) {
    EXPECT_EQ(system_scope_maps().size(), 5U);
    EXPECT_TRUE(is_system_scope_map("_repositories_ADMIN"));
    EXPECT_FALSE(is_system_scope_map("_repositories"));
    const auto push = std::ranges::find(system_scope_maps(), "_repositories_push", &SystemScopeMap::name);
    ASSERT_NE(push, system_scope_maps().end());
    EXPECT_TRUE((std::ranges::find(push->actions, TokenAction::content_read) != push->actions.end()))
        << "pushing takes pulling";
    EXPECT_FALSE((std::ranges::find(push->actions, TokenAction::content_delete) != push->actions.end()));
}

} // namespace
} // namespace berth::tenant
