#include "app/client/command_list.hpp"
#include "app/client/names.hpp"
#include "app/client/resource_kind.hpp"
#include "base/strict_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace berth::app {
namespace {

using boost::json::array;
using boost::json::object;

constexpr std::string_view property = "berthOutsideGroups";

struct Linked {
    std::string path;
    array links;
};

Result<Linked> linked(Session& session, const Values& values) {
    auto group = resolve_name(session, values.text("name"), Wanted::group);
    if (!group) return failure(std::move(group));
    Linked out{"/groups/" + group->id, {}};
    auto found = session.graph("GET", out.path);
    if (!found) return failure(std::move(found));
    const auto* links = find_member(*found, property);
    if (links != nullptr && links->is_array()) out.links = links->get_array();
    return out;
}

Result<Answer> write(Session& session, const Linked& group, std::string note) {
    auto written = session.graph("PATCH", group.path, object{{property, group.links}});
    if (!written) return failure(std::move(written));
    return Answer{.note = std::move(note)};
}

auto is(const Values& values) {
    return [issuer = values.text("issuer"), value = values.text("value")](const boost::json::value& one) {
        return find_string(one, "issuer") == issuer && find_string(one, "value") == value;
    };
}

Result<Answer> list(Session& session, const Values& values) {
    auto group = linked(session, values);
    if (!group) return failure(std::move(group));
    return Answer{.document = std::move(group->links)};
}

Result<Answer> add(Session& session, const Values& values) {
    auto group = linked(session, values);
    if (!group) return failure(std::move(group));
    if (std::ranges::none_of(group->links, is(values))) {
        group->links.push_back(object{{"issuer", values.text("issuer")}, {"value", values.text("value")}});
    }
    return write(session, *group,
                 fmt::format("Whom '{}' has in '{}' is in '{}' here, by tokens that are made from now on.",
                             values.text("issuer"), values.text("value"), values.text("name")));
}

Result<Answer> remove(Session& session, const Values& values) {
    auto group = linked(session, values);
    if (!group) return failure(std::move(group));
    const auto gone = std::ranges::remove_if(group->links, is(values));
    if (gone.empty()) {
        return failure(ErrorCode::not_found,
                       fmt::format("'{}' is not linked to '{}' of '{}'; 'berth group link list' shows what "
                                   "it is linked to.",
                                   values.text("name"), values.text("value"), values.text("issuer")));
    }
    group->links.erase(gone.begin(), gone.end());
    return write(session, *group, "The link is gone; it counts from the next request, for tokens made earlier too.");
}

} // namespace

std::vector<Command> group_link_commands() {
    const auto name = name_argument("Display name or object id of the group");
    const Argument issuer = {.name = "--issuer",
                             .what = "The outside issuer, exactly as its tokens have it in 'iss'",
                             .required = true,
                             .placeholder = "URL"};
    const Argument value = {
        .name = "--value", .what = "What its tokens call the group, exactly as in their claim of groups", .required = true};
    const std::string which = " developers --issuer https://sso.example.org/realms/people --value /team/dev";
    return {{.path = "group link add",
             .summary = "Put those whom an outside issuer has in a group into this one",
             .arguments = {name, issuer, value},
             .examples = {"berth group link add" + which},
             .run = add},
            {.path = "group link list",
             .summary = "List the groups of outside issuers that a group is linked to",
             .arguments = {name},
             .examples = {"berth group link list developers"},
             .columns = {{"issuer", "issuer"}, {"value", "value"}},
             .run = list},
            {.path = "group link remove",
             .summary = "End such a link",
             .arguments = {name, issuer, value},
             .examples = {"berth group link remove" + which},
             .run = remove}};
}

} // namespace berth::app
