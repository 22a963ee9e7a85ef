#include "http/message.hpp"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

Fields fields(const Headers& headers) {
    Fields out;
    for (std::size_t i = 0; i < headers.size(); ++i) out.push_back(headers[i]);
    return out;
}

TEST(Headers, KeepTheirOrderAndSpelling) {
    Headers headers;
    EXPECT_EQ(headers.size(), 0U);
    EXPECT_EQ(headers.find("A"), std::nullopt);
    headers.reserve(2);
    headers.add("Link", "one");
    headers.add("ETag", "");
    headers.add("lINK", std::string(500, 'x'));
    EXPECT_EQ(fields(headers), (Fields{{"Link", "one"}, {"ETag", ""}, {"lINK", std::string(500, 'x')}}));
    EXPECT_EQ(headers.find("link"), "one");
    EXPECT_EQ(headers.find("etag"), "");
    EXPECT_EQ(headers.find("Lin"), std::nullopt);
    EXPECT_EQ(headers.find(""), std::nullopt);
    EXPECT_EQ(headers.all("LINK"), (std::vector<std::string_view>{"one", std::string_view(headers[2].second)}));
    EXPECT_TRUE(headers.all("Vary").empty());
}

TEST(Headers, SetReplacesAllOfThatName) {
    Headers headers;
    headers.set("Vary", "Origin");
    headers.add("Link", "one");
    headers.add("ETag", "e");
    headers.add("LINK", "two");
    headers.set("link", "three");
    EXPECT_EQ(fields(headers), (Fields{{"Vary", "Origin"}, {"link", "three"}, {"ETag", "e"}}));
    headers.set("Vary", "Accept");
    headers.set("New", "n");
    EXPECT_EQ(fields(headers), (Fields{{"Vary", "Accept"}, {"link", "three"}, {"ETag", "e"}, {"New", "n"}}));
    const Headers copy = headers;
    headers.set("ETag", "f");
    EXPECT_EQ(copy.find("ETag"), "e");
}

} // namespace
} // namespace berth::http
