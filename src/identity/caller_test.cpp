#include "identity/caller.hpp"

#include <gtest/gtest.h>

namespace berth::identity {
namespace {

std::string written(std::string_view text) {
    std::string out;
    for (const TokenScope& scope : TokenScope::parse_list(text)) {
        if (!out.empty()) out += ' ';
        out += scope.to_string();
    }
    return out;
}

TEST(TokenScope, IsReadAsClientsWriteIt) {
    const struct {
        std::string_view text;
        std::string_view expected;
    } table[] = {
        {"repository:library/app:pull", "repository:library/app:pull"},
        {"repository:library/app:pull,push", "repository:library/app:pull,push"},
        {"repository:a:pull repository:b:pull,push", "repository:a:pull repository:b:pull,push"},
        {"registry:catalog:*", "registry:catalog:*"},
        {"registry:catalog:* repository:*:*", "registry:catalog:* repository:*:*"},
        {"repository:host:5000/app:pull", "repository:host:5000/app:pull"},
        {"repository:app:metadataRead,metadataWrite", "repository:app:metadata_read,metadata_write"},
        {"repository:app:", "repository:app:"},
        {"repository:app:,,pull,,", "repository:app:pull"},
        {"  repository:a:pull   repository:b:pull ", "repository:a:pull repository:b:pull"},
        {"unknown:thing:whatever", "unknown:thing:whatever"},
        {"::", "::"},
        {"", ""},
        {" ", ""},
        {"repository", ""},
        {"repository:app", ""},
        {"pull push repository:a:pull", "repository:a:pull"},
    };
    for (const auto& row : table) EXPECT_EQ(written(row.text), row.expected) << row.text;
}

TEST(TokenScope, ListsAreBounded) {
    std::string many;
    for (int i = 0; i < 100; ++i) many += "repository:app:pull ";
    EXPECT_EQ(TokenScope::parse_list(many).size(), 64U);
    std::string actions = "repository:app:pull";
    for (int i = 0; i < 100; ++i) actions += ",push";
    const auto scopes = TokenScope::parse_list(actions);
    ASSERT_EQ(scopes.size(), 1U);
    EXPECT_EQ(scopes[0].actions.size(), 32U);
}

TEST(Caller, ATokenAllowsWhatWasAskedFor) {
    const auto allows = [](std::string_view asked, std::string_view type, std::string_view name, std::string_view action) {
        Caller caller;
        caller.narrowed_to = std::make_shared<const std::vector<TokenScope>>(TokenScope::parse_list(asked));
        return caller.narrowing_allows(type, name, action);
    };
    const struct {
        std::string_view asked;
        std::string_view type;
        std::string_view name;
        std::string_view action;
        bool expected;
    } table[] = {
        {"repository:app:pull", "repository", "app", "pull", true},
        {"repository:app:pull", "repository", "app", "push", false},
        {"repository:app:pull", "repository", "ap", "pull", false},
        {"repository:app:pull", "repository", "app/x", "pull", false},
        {"repository:app:pull", "repository", "APP", "pull", false},
        {"repository:app:pull", "registry", "app", "pull", false},
        {"repository:*:pull", "repository", "any/thing", "pull", true},
        {"repository:*:pull", "repository", "any", "push", false},
        {"repository:app:*", "repository", "app", "delete", true},
        {"repository:app:*", "repository", "other", "delete", false},
        {"repository:*:*", "registry", "catalog", "*", false},
        {"registry:catalog:*", "registry", "catalog", "*", true},
        {"repository:app/*:pull", "repository", "app/x", "pull", false}, // a star is a whole name
        {"repository:a:pull repository:b:push", "repository", "b", "push", true},
        {"repository:a:pull repository:b:push", "repository", "a", "push", false}, // not mixed across entries
        {"", "repository", "app", "pull", false},
        {"repository:app:", "repository", "app", "pull", false},
    };
    for (const auto& row : table) {
        EXPECT_EQ(allows(row.asked, row.type, row.name, row.action), row.expected)
            << row.asked << " for " << row.type << ":" << row.name << ":" << row.action;
    }
    EXPECT_TRUE(Caller::anonymous().narrowing_allows("repository", "app", "push")); // nothing narrows it
}

} // namespace
} // namespace berth::identity
