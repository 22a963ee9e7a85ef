#include "data_plane/mount.hpp"

#include <gtest/gtest.h>

namespace berth::data_plane {
namespace {

TEST(MountScope, NamesTheSource) {
    const auto scope = [](std::string_view query) { return mount_scope(*Parameters::parse(query)); };
    EXPECT_EQ(scope(""), "");
    EXPECT_EQ(scope("from=a"), "");
    EXPECT_EQ(scope("mount=x&from=library/app"), "repository:library/app:pull");
    EXPECT_EQ(scope("mount=x&from=library%2Fapp"), "repository:library/app:pull");
    EXPECT_EQ(scope("mount=x"), "repository:*:pull");
    EXPECT_EQ(scope("mount=x&from=A%22,b"), "") << "what is no name does not get into a header";
}

} // namespace
} // namespace berth::data_plane
