#include "gateway/router.hpp"

#include <gtest/gtest.h>

namespace berth::gateway {
namespace {

Route route(std::string_view id, http::Method method, std::string_view pattern, Protocol protocol) {
    return {.id = id,
            .method = method,
            .pattern = pattern,
            .protocol = protocol,
            .entry = {EntryKind::open, {}, "a test"},
            .further = {},
            .scope = {},
            .body_limit = 0,
            .handler = {},
            .summary = {}};
}

const Router& router() {
    using enum http::Method;
    static const Router table({
        route("base", get, "/v2", Protocol::registry),
        route("manifest.get", get, "/v2/{name...}/manifests/{reference}", Protocol::registry),
        route("manifest.put", put, "/v2/{name...}/manifests/{reference}", Protocol::registry),
        route("blob.get", get, "/v2/{name...}/blobs/{digest}", Protocol::registry),
        route("upload.start", post, "/v2/{name...}/blobs/uploads", Protocol::registry),
        route("upload.chunk", patch, "/v2/{name...}/blobs/uploads/{session}", Protocol::registry),
        route("tags", get, "/acr/v1/{name...}/_tags/{tag}", Protocol::registry),
        route("assignment", get, "/{scope...}/providers/Microsoft.Authorization/roleAssignments/{id}",
              Protocol::resource_manager),
    });
    return table;
}

struct Case {
    http::Method method;
    std::string_view path;
    std::string_view id; // or empty with an error
    std::string_view name;
    ErrorCode error = ErrorCode::internal;
};

TEST(Router, FindsTheRouteAndItsParameters) {
    using enum http::Method;
    const Case cases[] = {
        {get, "/v2/", "base", ""},
        {get, "/v2", "base", ""},
        {head, "/v2/a/b/manifests/latest", "manifest.get", "a/b"},
        {put, "/v2/a/manifests/latest", "manifest.put", "a"},
        {get, "/v2/manifests/manifests/manifests", "manifest.get", "manifests"},
        {get, "/v2/a%2Fb/blobs/sha256%3Aabc", "blob.get", "a/b"},
        {post, "/v2/a/b/blobs/uploads/", "upload.start", "a/b"},
        {post, "/v2/blobs/uploads/blobs/uploads", "upload.start", "blobs/uploads"},
        {patch, "/v2/a/blobs/uploads/xyz", "upload.chunk", "a"},
        {get, "/acr/v1/library%2fhello-world/_tags/latest", "tags", "library/hello-world"},
        {get, "/v2//manifests/latest", "manifest.get", ""},
        {get, "/nothing", "", "", ErrorCode::route_unknown},
        {get, "/v2/manifests/latest", "", "", ErrorCode::route_unknown},
        {get, "/V2/a/manifests/latest", "", "", ErrorCode::route_unknown},
        {delete_, "/v2/a/manifests/latest", "", "", ErrorCode::method_not_allowed},
        {get, "/v2/../manifests/latest", "", "", ErrorCode::name_invalid},
        {get, "/v2/%2e%2e/manifests/latest", "", "", ErrorCode::name_invalid},
        {get, "/v2/a%00/manifests/latest", "", "", ErrorCode::name_invalid},
        {get, "/v2/a%zz/manifests/latest", "", "", ErrorCode::name_invalid},
        {get, "/v2/a%2/manifests/%2", "", "", ErrorCode::name_invalid},
    };
    for (const Case& c : cases) {
        const auto match = router().find(c.method, c.path);
        if (c.id.empty()) {
            ASSERT_FALSE(match) << c.path;
            EXPECT_EQ(match.error().code, c.error) << c.path;
            continue;
        }
        ASSERT_TRUE(match) << c.path;
        EXPECT_EQ(match->route->id, c.id) << c.path;
        for (const auto& [key, value] : match->parameters) {
            if (key == "name") {
                EXPECT_EQ(value, c.name) << c.path;
            }
        }
    }
}

TEST(Router, ResourceManagerPathsIgnoreCaseAndEmptySegments) {
    const auto match = router().find(http::Method::get,
                                     "/subscriptions/S/resourcegroups/g//providers/microsoft.authorization/ROLEASSIGNMENTS/1");
    ASSERT_TRUE(match);
    EXPECT_EQ(match->parameters.front().second, "subscriptions/S/resourcegroups/g");
}

TEST(Router, NamesTheMethodsThatAPathTakes) {
    const auto match = router().find(http::Method::post, "/v2/a/manifests/latest");
    ASSERT_FALSE(match);
    EXPECT_EQ(boost::json::serialize(match.error().detail), R"(["GET","HEAD","PUT"])");
}

TEST(Router, RefusesTooManySegments) {
    std::string path = "/v2";
    for (int i = 0; i < 1000; ++i) path += "/a";
    EXPECT_EQ(router().find(http::Method::get, path).error().code, ErrorCode::name_invalid);
}

TEST(RouterDeathTest, ATableWithARouteThatDeclaresNothingDoesNotStart) {
    auto undeclared = route("x", http::Method::get, "/x", Protocol::registry);
    undeclared.entry = {EntryKind::all, {}, ""};
    EXPECT_DEATH(Router({undeclared}), "declares no permission");
    const auto one = route("x", http::Method::get, "/x", Protocol::registry);
    EXPECT_DEATH(Router({one, one}), "two routes are called 'x'");
}

} // namespace
} // namespace berth::gateway
