#include "app/client/resource_kind.hpp"

#include <fmt/format.h>

namespace berth::app {
namespace {

Result<Answer> list(const ResourceKind& kind, Session& session, const Values& values) {
    auto path = kind.collection(session, values);
    if (!path) return failure(std::move(path));
    auto items = kind.plane == ResourceKind::Plane::arm ? session.list_arm(*path) : session.list_graph(*path);
    if (!items) return failure(std::move(items));
    return Answer{.document = std::move(*items)};
}

Result<boost::json::value> call(const ResourceKind& kind, Session& session, std::string_view method, const Values& values) {
    auto path = locate(kind, session, values);
    if (!path) return failure(std::move(path));
    if (kind.plane == ResourceKind::Plane::graph) return session.graph(method, *path);
    return session.arm_to_its_end(method, *path, nullptr, true, [](const boost::json::value&) {});
}

} // namespace

Result<std::string> locate(const ResourceKind& kind, Session& session, const Values& values) {
    if (kind.item != nullptr) return kind.item(session, values);
    const std::string name = values.text("name");
    if (name.starts_with('/')) return encode_path(name);
    auto segment = encode_segment(name);
    if (!segment) return segment;
    auto collection = kind.collection(session, values);
    if (!collection) return collection;
    return *collection + '/' + *segment;
}

Argument name_argument(std::string what) { return {.name = "name", .what = std::move(what), .required = true}; }

std::vector<Argument> joined(std::vector<Argument> first, const std::vector<Argument>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

std::vector<Command> standard_commands(const ResourceKind& kind) {
    const auto name = name_argument(kind.name_says);
    std::vector<Command> out;
    out.push_back({.path = kind.command + " list",
                   .summary = fmt::format("List {} that you may read", kind.plural),
                   .arguments = joined(kind.where, kind.list_only),
                   .examples = {fmt::format("berth {} list{}", kind.command, kind.example_where),
                                fmt::format("berth {} list{} --output json", kind.command, kind.example_where)},
                   .columns = kind.columns,
                   .run = [kind](Session& session, const Values& values) { return list(kind, session, values); }});
    out.push_back(
        {.path = kind.command + " show",
         .summary = fmt::format("Show one of the {}", kind.plural),
         .arguments = joined({name}, kind.where),
         .examples = {fmt::format("berth {} show {}{}", kind.command, kind.example_name, kind.example_where),
                      fmt::format("berth {} show {}{} --output yaml", kind.command, kind.example_name, kind.example_where)},
         .columns = kind.columns,
         .run = [kind](Session& session, const Values& values) -> Result<Answer> {
             auto found = call(kind, session, "GET", values);
             if (!found) return failure(std::move(found));
             return Answer{.document = std::move(*found)};
         }});
    out.push_back({.path = kind.command + " delete",
                   .summary = fmt::format("Delete one of the {}", kind.plural),
                   .arguments = joined({name}, kind.where),
                   .examples = {fmt::format("berth {} delete {}{}", kind.command, kind.example_name, kind.example_where),
                                fmt::format("berth {} delete {}{} --yes", kind.command, kind.example_name, kind.example_where)},
                   .question = fmt::format("Delete the {} '{{}}'? {}", kind.noun, kind.loss),
                   .run = [kind](Session& session, const Values& values) -> Result<Answer> {
                       // ARM answers alike whether it deleted something or there was nothing; a person wants to know.
                       auto there = call(kind, session, "GET", values);
                       if (!there && there.error().code == ErrorCode::not_found) return failure(std::move(there));
                       auto gone = call(kind, session, "DELETE", values);
                       if (!gone) return failure(std::move(gone));
                       return Answer{.note = fmt::format("The {} '{}' is deleted.", kind.noun, values.text("name"))};
                   }});
    return out;
}

} // namespace berth::app
