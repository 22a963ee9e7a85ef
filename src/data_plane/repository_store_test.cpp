#include "data_plane/repository_store.hpp"

#include "data_plane/testing/content_database.hpp"

namespace berth::data_plane {
namespace {

using rbac::NameSelection;
using storage::Session;
using Names = std::vector<std::string>;

class RepositoryList : public ContentDatabase {
protected:
    void SetUp() override {
        ContentDatabase::SetUp();
        for (const char* name : {"a", "b", "team", "team-x/app", "team/api", "team/api/base", "team/web", "teams/one", "z"}) {
            write([&](Session& session) { return push_to_repository(session, registry, name, now()); });
        }
    }
    Names page(const RepositoryFilter& filter, std::string_view after, std::uint64_t limit) {
        return read([&](Session& session) { return list_repositories(session, registry, filter, after, limit); });
    }
    // All pages of that size joined; each is full but the last.
    Names walk(const RepositoryFilter& filter, std::uint64_t limit) {
        Names out;
        for (;;) {
            const Names names = page(filter, out.empty() ? "" : out.back(), limit);
            EXPECT_LE(names.size(), limit);
            out.insert(out.end(), names.begin(), names.end());
            if (names.size() < limit) return out;
        }
    }
};

NameSelection selection(Names names, Names prefixes) {
    return {.all = false, .names = std::move(names), .prefixes = std::move(prefixes)};
}

TEST_F(RepositoryList, ShowsWhatTheRangesHoldInOrderOnceAndWhole) {
    const Names everything{"a", "b", "team", "team-x/app", "team/api", "team/api/base", "team/web", "teams/one", "z"};
    struct Case {
        NameSelection where;
        Names expected;
    };
    const Case cases[] = {
        {NameSelection::everything(), everything},
        {NameSelection::nothing(), {}},
        {selection({"team/web", "a"}, {}), {"a", "team/web"}},
        {selection({"", "A", "team/", "nothing"}, {}), {}},
        {selection({}, {"team/"}), {"team/api", "team/api/base", "team/web"}},
        {selection({}, {"team"}), {"team", "team-x/app", "team/api", "team/api/base", "team/web", "teams/one"}},
        {selection({}, {"zz", "a", "nothing"}), {"a"}},
        {selection({"z", "b", "team"}, {"team/", "a"}), {"a", "b", "team", "team/api", "team/api/base", "team/web", "z"}},
        // Ranges that hold each other, as nobody should make them.
        {selection({"team/api", "team/web", "team/web"}, {"team/", "team", "team/a"}),
         {"team", "team-x/app", "team/api", "team/api/base", "team/web", "teams/one"}},
        {selection({}, {"", "team/"}), everything},
        {selection({}, {"team/\xFF", "\xFF"}), {}},
    };
    for (const Case& c : cases) {
        for (const std::uint64_t limit : {1U, 2U, 3U, 100U}) EXPECT_EQ(walk({.where = c.where}, limit), c.expected) << limit;
    }
}

TEST_F(RepositoryList, AsksAboutEachAndKeepsPagesFull) {
    const auto short_names = [](std::string_view name) { return name.size() <= 8; };
    const Names expected{"a", "b", "team", "team/api", "team/web", "z"};
    for (const std::uint64_t limit : {1U, 2U, 3U, 100U}) {
        EXPECT_EQ(walk({.where = NameSelection::everything(), .shows = short_names}, limit), expected) << limit;
        EXPECT_EQ(walk({.where = selection({"team", "z", "b", "a"}, {"team/"}), .shows = short_names}, limit), expected);
    }
    EXPECT_EQ(page({.where = NameSelection::everything(), .shows = [](std::string_view) { return false; }}, "", 2), Names{});
}

TEST_F(RepositoryList, GoesOnBehindAnyName) {
    const RepositoryFilter filter{.where = selection({"a", "z"}, {"team/"})};
    EXPECT_EQ(page(filter, "team/api", 2), (Names{"team/api/base", "team/web"}));
    EXPECT_EQ(page(filter, "team/b", 1), Names{"team/web"}); // none of that name
    EXPECT_EQ(page(filter, "team/", 1), Names{"team/api"});
    EXPECT_EQ(page(filter, "team0", 9), Names{"z"}); // behind the whole range
    EXPECT_EQ(page(filter, "z", 9), Names{});
    EXPECT_EQ(page(filter, "\xFF", 9), Names{});
}

TEST_F(RepositoryList, LeavesOutWhatIsHidden) {
    execute("update repositories set attributes = 7 where name = 'team/api'");
    EXPECT_EQ(walk({.where = selection({"team/api"}, {})}, 1), Names{});
    EXPECT_EQ(walk({.where = selection({}, {"team/"})}, 1), (Names{"team/api/base", "team/web"}));
}

// A page of what a hundred may see among many is a few look-ups, not a walk.
TEST_F(RepositoryList, ManyRejectedNamesDoNotEndAPage) {
    write([&](Session& session) -> Result<void> {
        for (int i = 0; i < 500; ++i) {
            auto made = push_to_repository(session, registry, fmt::format("many/{:03}", i), now());
            if (!made) return failure(std::move(made));
        }
        return {};
    });
    const auto last = [](std::string_view name) { return name == "many/499" || name == "z"; };
    EXPECT_EQ(walk({.where = NameSelection::everything(), .shows = last}, 1), (Names{"many/499", "z"}));
    EXPECT_EQ(walk({.where = selection({}, {"many/"}), .shows = last}, 5), Names{"many/499"});
}

} // namespace
} // namespace berth::data_plane
