#include "identity/group_claim.hpp"

#include "base/strict_json.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth::identity {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Result<std::vector<std::string>> read(std::string_view json, std::string_view claim = "groups") {
    return groups_in(boost::json::parse(json), claim);
}

TEST(GroupClaim, IsAnArrayOfTextsOrOneText) {
    EXPECT_THAT(read(R"({"groups":["a","b","a"]})").value(), ElementsAre("a", "b"));
    EXPECT_THAT(read(R"({"groups":"a"})").value(), ElementsAre("a"));
    EXPECT_THAT(read(R"({"groups":[]})").value(), IsEmpty());
    EXPECT_THAT(read(R"({"groups":null})").value(), IsEmpty());
    EXPECT_THAT(read(R"({"roles":["a"]})").value(), IsEmpty());
    EXPECT_THAT(read(R"({"roles":["a"],"groups":["b"]})", "roles").value(), ElementsAre("a"));
    EXPECT_THAT(read(R"({"roles":["a"],"hasgroups":true})", "roles").value(), ElementsAre("a"));
    EXPECT_THAT(read(R"({"hasgroups":false,"_claim_names":{"other":"src1"},"groups":["A","a"]})").value(),
                ElementsAre("A", "a"));
    EXPECT_THAT(read(R"({"groups":7,"":["a"]})", "").value(), IsEmpty()) << "no claim counts";
}

TEST(GroupClaim, RefusesWhatIsNoneAndWhatIsTooMuch) {
    for (const std::string_view json :
         {R"({"groups":7})", R"({"groups":{"a":"b"}})", R"({"groups":["a",7]})", R"({"groups":[["a"]]})",
          R"({"_claim_names":{"groups":"src1"}})", R"({"_claim_names":{"groups":"src1"},"groups":[]})", R"({"hasgroups":true})",
          R"({"hasgroups":"true"})", R"({"groups":["a\u0000"]})"}) {
        const auto groups = read(json);
        ASSERT_FALSE(groups) << json;
        EXPECT_EQ(groups.error().code, ErrorCode::invalid_credentials);
        EXPECT_NE(groups.error().message.find("'groups'"), std::string::npos);
    }
    const auto many = [](std::size_t count, std::size_t length) {
        boost::json::array all;
        for (std::size_t i = 0; i < count; ++i) all.emplace_back(fmt::format("{:0>{}}", i, length));
        return groups_in(boost::json::object{{"groups", all}}, "groups");
    };
    EXPECT_EQ(many(most_outside_groups, longest_outside_group).value().size(), most_outside_groups);
    EXPECT_FALSE(many(most_outside_groups + 1, 10));
    EXPECT_FALSE(many(1, longest_outside_group + 1));
}

} // namespace
} // namespace berth::identity
