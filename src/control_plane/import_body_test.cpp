#include "control_plane/import_body.hpp"

#include "base/strict_json.hpp"

#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

Result<ImportBody> parse(std::string_view text) { return parse_import_body(parse_json(text).value()); }

// The targets, written as `repo:tag` or `repo`.
std::vector<std::string> targets(const ImportBody& body) {
    std::vector<std::string> out;
    for (const auto& target : body.targets) {
        out.push_back(target.repository.value() + (target.tag ? ":" + target.tag->value() : ""));
    }
    return out;
}

TEST(ImportBody, HostsAreReadAsPeopleWriteThem) {
    struct Case {
        std::string_view uri;
        std::string_view image;
        std::string_view scheme;
        std::string_view host;
        std::string_view repository;
    };
    for (const Case& one : {Case{"Registry.Example:5000", "a:b", "", "registry.example:5000", "a"},
                            Case{"https://registry.example/", "a:b", "https", "registry.example", "a"},
                            Case{"http://registry.example", "a:b", "http", "registry.example", "a"},
                            Case{"docker.io", "hello-world", "", "registry-1.docker.io", "library/hello-world"},
                            Case{"registry.hub.docker.com", "me/app:1", "", "registry-1.docker.io", "me/app"},
                            Case{"[2001:4860::1]:5000", "a:b", "", "[2001:4860::1]:5000", "a"}}) {
        const auto body = parse(fmt::format(R"({{"source":{{"registryUri":"{}","sourceImage":"{}"}}}})", one.uri, one.image));
        ASSERT_TRUE(body) << one.uri << ": " << body.error().message;
        EXPECT_EQ(body->scheme, one.scheme);
        EXPECT_EQ(body->host, one.host);
        EXPECT_EQ(body->repository.value(), one.repository);
    }
}

TEST(ImportBody, TargetsHaveAzuresDefaults) {
    const std::string digest = "sha256:" + std::string(64, 'a');
    struct Case {
        std::string image;
        std::string_view lists;
        std::vector<std::string> expected;
    };
    for (const Case& one :
         {Case{"a:b", "", {"a:b"}}, Case{"a", "", {"a:latest"}}, Case{"a@" + digest, "", {"a"}},
          Case{"a:b", R"(,"targetTags":[])", {"a:b"}}, Case{"a:b", R"(,"targetTags":["x"])", {"x:b"}},
          Case{"a@" + digest, R"(,"targetTags":["x"])", {"x:latest"}},
          Case{"a:b", R"(,"targetTags":["x:1","y/z:2"],"untaggedTargetRepositories":["u"])", {"x:1", "y/z:2", "u"}}}) {
        const auto body =
            parse(fmt::format(R"({{"source":{{"registryUri":"r.example","sourceImage":"{}"}}{}}})", one.image, one.lists));
        ASSERT_TRUE(body) << one.image << one.lists << body.error().message;
        EXPECT_EQ(targets(*body), one.expected);
    }
}

TEST(ImportBody, ModeCredentialsAndReferrers) {
    const auto body = parse(R"({"source":{"resourceId":"/subscriptions/x","sourceImage":"a:b",
        "credentials":{"password":"p"}},"mode":"force","includeReferrers":true})");
    ASSERT_TRUE(body) << body.error().message;
    EXPECT_TRUE(body->force && body->include_referrers && body->resource);
    EXPECT_EQ(body->credentials->user, "");
    EXPECT_EQ(body->credentials->password.reveal(), "p");
    const auto plain = parse(R"({"source":{"registryUri":"r","sourceImage":"a:b"},"mode":"NoForce"})");
    EXPECT_FALSE(plain->force || plain->include_referrers || plain->credentials);
}

} // namespace
} // namespace berth::control_plane
