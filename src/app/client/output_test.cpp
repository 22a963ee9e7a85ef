#include "app/client/output.hpp"

#include "app/client/yaml.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace berth::app {
namespace {

boost::json::value json(const char* text) { return boost::json::parse(text); }

TEST(OutputTest, AListIsATableWithHeadings) {
    const std::vector<Column> columns = {{"name", "name"}, {"server", "properties.loginServer"}, {"on", "on"}};
    const Answer answer{.document = json(R"([{"name":"a","properties":{"loginServer":"a.localhost"},"on":true},
                                            {"name":"ärger","properties":null,"on":false}])"),
                        .note = "Two."};
    EXPECT_EQ(render(answer, columns, "table"), "NAME   SERVER       ON\n"
                                                "a      a.localhost  yes\n"
                                                "ärger               no\n"
                                                "Two.\n");
    EXPECT_EQ(render({.document = json("[]")}, columns, "table"), "NAME  SERVER  ON\n");
}

TEST(OutputTest, AnObjectIsALineForEachColumnThatHasAValue) {
    const std::vector<Column> columns = {{"client id", "id"}, {"role", "role"}, {"tags", "tags"}, {"size", "size"}};
    const Answer answer{.document = json(R"({"id":"x","role":null,"tags":["a","b"],"size":7})")};
    EXPECT_EQ(render(answer, columns, "table"), "client id  x\ntags       a, b\nsize       7\n");
}

TEST(OutputTest, RowsAreForTablesOnly) {
    const Answer answer{.document = json(R"({"value":[{"a":1}]})"), .rows = json(R"([{"a":1}])")};
    EXPECT_EQ(render(answer, {{"a", "a"}}, "table"), "A\n1\n");
    EXPECT_EQ(render(answer, {{"a", "a"}}, "json"), "{\n  \"value\": [\n    {\n      \"a\": 1\n    }\n  ]\n}\n");
}

TEST(OutputTest, NotesAreForPeople) {
    const Answer answer{.note = "Done."};
    EXPECT_EQ(render(answer, {}, "table"), "Done.\n");
    EXPECT_EQ(render(answer, {}, "json"), "");
    EXPECT_EQ(render(answer, {}, "yaml"), "");
}

TEST(OutputTest, ATerminalIsNotSteeredByNames) {
    EXPECT_EQ(printable("a\x1b[31mb\tc\nd\x7f", false), "a?[31mb?c?d?");
    EXPECT_EQ(printable("a\nb\rc", true), "a\nb?c");
    EXPECT_EQ(printable("\xc2\x9b"
                        "2J \xc2\xa0 \xc3\xa4",
                        false),
              "?2J \xc2\xa0 \xc3\xa4");
    const Answer answer{.document = json(R"([{"name":"x\u001b]0;y\u0007"}])")};
    EXPECT_EQ(render(answer, {{"name", "name"}}, "table"), "NAME\nx?]0;y?\n");
}

TEST(YamlTest, TextIsQuotedWhereItCouldBeTakenForSomethingElse) {
    for (const char* plain : {"abc", "AcrPull", "Container Registry Reader", "/subscriptions/a/b-c", "a.b_c", "_x"}) {
        EXPECT_EQ(yaml_text(plain), plain);
    }
    for (const char* text : {"",
                             "yes",
                             "No",
                             "TRUE",
                             "null",
                             "on",
                             "y",
                             "~",
                             "1",
                             "1.5",
                             "1e3",
                             "0x1f",
                             "2026-11-22",
                             "12:30",
                             "-",
                             "- a",
                             "a: b",
                             "a #b",
                             "#a",
                             "*",
                             "&a",
                             "!a",
                             "@a",
                             "%a",
                             "[a",
                             "{a",
                             "a ",
                             " a",
                             "|",
                             ">",
                             "'a'",
                             "a, b",
                             "?",
                             ".inf",
                             "=",
                             "<<",
                             "27ffd730-bb46-44e0-86b1-8b8b9ff04143"}) {
        EXPECT_EQ(yaml_text(text), '"' + std::string(text) + '"');
    }
    EXPECT_EQ(yaml_text("a\nb\"c\\"), R"("a\nb\"c\\")");
    EXPECT_EQ(yaml_text("\x7f"), R"("\x7F")");
    EXPECT_EQ(yaml_text("\xc2\x85"), R"("\x85")");
    EXPECT_EQ(yaml_text("\xe2\x80\xa8"), R"("\u2028")");
    EXPECT_EQ(yaml_text("\xef\xbb\xbf"), R"("\uFEFF")");
    EXPECT_EQ(yaml_text("\xc3\xa4"), "\"\xc3\xa4\"");
}

TEST(YamlTest, Documents) {
    EXPECT_EQ(to_yaml(json(R"({"name":"a","list":[1,"2",true,null],"empty":[],"none":{},"inner":{"x":{"z":1.5}}})")),
              "name: a\n"
              "list:\n"
              "- 1\n"
              "- \"2\"\n"
              "- true\n"
              "- null\n"
              "empty: []\n"
              "none: {}\n"
              "inner:\n"
              "  x:\n"
              "    z: 1.5\n");
    EXPECT_EQ(to_yaml(json(R"([{"a":1,"b":[{"c":2},{"d":[3]}]},[4,[5]],"z"])")), "- a: 1\n"
                                                                                 "  b:\n"
                                                                                 "  - c: 2\n"
                                                                                 "  - d:\n"
                                                                                 "    - 3\n"
                                                                                 "-\n"
                                                                                 "  - 4\n"
                                                                                 "  -\n"
                                                                                 "    - 5\n"
                                                                                 "- z\n");
    EXPECT_EQ(to_yaml(json("[]")), "[]\n");
    EXPECT_EQ(to_yaml(json("[1e30, 2.0, -0.5]")), "- 1.0e+30\n- 2.0\n- -0.5\n");
    EXPECT_EQ(to_yaml(json(R"({"no":1,"a: b":2})")), "\"no\": 1\n\"a: b\": 2\n");
}

} // namespace
} // namespace berth::app
