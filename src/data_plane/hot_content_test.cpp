#include "data_plane/hot_content.hpp"

#include "data_plane/testing/content_database.hpp"

namespace berth::data_plane {
namespace {

using Kind = HotContent::Kind;

class HotContentTest : public ContentDatabase {
protected:
    void keep(std::string_view reference, std::string content, Kind kind = Kind::manifest,
              std::string_view repository = "app") {
        keep_of(database().version(), reference, std::move(content), kind, repository);
    }
    void keep_of(std::optional<std::uint64_t> version, std::string_view reference, std::string content,
                 Kind kind = Kind::manifest, std::string_view repository = "app") {
        auto item = std::make_shared<HotItem>();
        item->size = content.size();
        item->content = std::make_shared<const std::string>(std::move(content));
        hot_.keep(kind, registry, repository, reference, version, std::move(item));
    }
    std::optional<std::string> find(std::string_view reference, Kind kind = Kind::manifest, std::string_view repository = "app",
                                    std::int64_t of = registry) {
        const auto item = hot_.find(kind, of, repository, reference);
        if (!item) return std::nullopt;
        return *item->content;
    }
    storage::Database& database() { return *database_; }

    HotContent hot_{*database_};
};

TEST_F(HotContentTest, FindsWhatWasKeptUnderAllOfItsKey) {
    keep("latest", "one");
    keep("latest", "two", Kind::blob);
    keep("latest", "three", Kind::manifest, "app/latest");
    EXPECT_EQ(find("latest"), "one");
    EXPECT_EQ(find("latest", Kind::blob), "two");
    EXPECT_EQ(find("latest", Kind::tags), std::nullopt);
    EXPECT_EQ(find("latest", Kind::manifest, "app/latest"), "three");
    EXPECT_EQ(find("latest", Kind::manifest, "ap"), std::nullopt);
    EXPECT_EQ(find("latest", Kind::manifest, "app", registry + 1), std::nullopt);
    keep("latest", "four");
    EXPECT_EQ(find("latest"), "four");
}

TEST_F(HotContentTest, NothingCountsAfterACommit) {
    keep("latest", "one");
    const auto before = database().version();
    push_blob("elsewhere", "anything");
    EXPECT_EQ(find("latest"), std::nullopt);
    keep_of(before, "late", "read before the commit, kept after it");
    EXPECT_EQ(find("late"), std::nullopt);
    keep_of(std::nullopt, "none", "read while a commit was under way");
    EXPECT_EQ(find("none"), std::nullopt);
    keep("latest", "two");
    EXPECT_EQ(find("latest"), "two");
}

TEST_F(HotContentTest, IsBoundedInBytesAndKeepsWhatIsUsed) {
    constexpr std::size_t most = 2 * (8 << 20) + 16 * (256 << 10);
    keep("used", "always");
    for (int i = 0; i < 2'000; ++i) {
        keep(std::to_string(i), std::string(64 * 1024, 'x'));
        ASSERT_EQ(find("used"), "always") << i;
        ASSERT_LE(hot_.size(), most);
    }
    EXPECT_EQ(find("0"), std::nullopt);
    EXPECT_TRUE(find("1999"));

    const std::size_t before = hot_.size();
    keep("large", std::string(300 * 1024, 'x'));
    EXPECT_EQ(find("large"), std::nullopt);
    EXPECT_EQ(hot_.size(), before);
}

} // namespace
} // namespace berth::data_plane
