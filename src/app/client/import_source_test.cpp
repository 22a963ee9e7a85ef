#include "app/client/import_source.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace berth::app {
namespace {

TEST(ImportSource, IsHostAndImageOrAnImageAlone) {
    struct Case {
        std::string text;
        bool known;
        std::string host, image, repository;
        bool digest;
    };
    for (const Case& one : std::initializer_list<Case>{
             {"registry.example.com/library/hello:1", false, "registry.example.com", "library/hello:1", "library/hello", false},
             {"localhost/hello", false, "localhost", "hello:latest", "hello", false},
             {"berth.azurecr.localhost:5443/a/b@sha256:00", false, "berth.azurecr.localhost:5443", "a/b@sha256:00", "a/b",
              true},
             {"[::1]:5000/hello:1", false, "[::1]:5000", "hello:1", "hello", false},
             {"hello:1", true, "", "hello:1", "hello", false},
             {"team.one/hello", true, "", "team.one/hello:latest", "team.one/hello", false},
             {"hello:1@sha256:00", true, "", "hello:1@sha256:00", "hello", true},
         }) {
        const auto parsed = parse_import_source(one.text, one.known);
        ASSERT_TRUE(parsed) << one.text;
        EXPECT_EQ(parsed->host, one.host);
        EXPECT_EQ(parsed->image, one.image);
        EXPECT_EQ(parsed->repository, one.repository);
        EXPECT_EQ(parsed->digest, one.digest);
    }
}

TEST(ImportSource, WhatNamesNoImageIsRefusedWithWhatToWrite) {
    for (const std::string text : {"", "hello", "library/hello:1", "registry.example.com", "registry.example.com/",
                                   "registry.example.com/:1", "registry.example.com/hello:", "registry.example.com/hello@"}) {
        const auto parsed = parse_import_source(text, false);
        ASSERT_FALSE(parsed) << text;
        EXPECT_NE(parsed.error().message.find("--source-registry"), std::string::npos);
    }
    EXPECT_FALSE(parse_import_source("", true));
    EXPECT_FALSE(parse_import_source(":1", true));
}

TEST(ImportProgress, IsWhatTheOperationSays) {
    EXPECT_EQ(progress_line(boost::json::parse(R"({"status":"Running","percentComplete":40})")), "Running, 40 %");
    EXPECT_EQ(progress_line(boost::json::parse(R"({"status":"Running"})")), "Running");
    EXPECT_EQ(progress_line(boost::json::parse("[]")), "");
}

} // namespace
} // namespace berth::app
