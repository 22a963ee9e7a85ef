#include "directory/graph_list.hpp"

#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "base/percent.hpp"
#include "base/time.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace berth::directory {
namespace {

using boost::json::object;
using boost::json::value;
using gateway::FilterExpression;
using gateway::FilterTerm;

constexpr std::size_t most_items = 999;
constexpr std::size_t longest_search = 512;

std::unexpected<Error> invalid(std::string message) { return failure(ErrorCode::invalid_parameter, std::move(message)); }

std::unexpected<Error> unsupported(const FilterTerm& term) {
    return invalid(fmt::format("Unsupported or invalid query filter clause specified for '{}'.", term.to_string()));
}

// What is compared: null as such, the rest as text.
std::string text_of(const value& member) {
    if (member.is_bool()) return member.get_bool() ? "true" : "false";
    if (member.is_int64()) return std::to_string(member.get_int64());
    return member.is_string() ? std::string(member.get_string()) : std::string();
}

bool is_comparable(const value& member) noexcept {
    return member.is_string() || member.is_bool() || member.is_null() || member.is_int64();
}

const value* find_here(const object& in, std::string_view name) {
    for (const auto& [key, member] : in) {
        if (equals_ignoring_case(key, name)) return &member;
    }
    return nullptr;
}

// `web/redirectUris` is a member of a member.
const value* find(const object& in, std::string_view path) {
    const object* at = &in;
    while (true) {
        const std::size_t slash = path.find('/');
        const value* member = find_here(*at, path.substr(0, slash));
        if (member == nullptr || slash == std::string_view::npos) return member;
        if (!member->is_object()) return nullptr;
        at = &member->get_object();
        path.remove_prefix(slash + 1);
    }
}

// Times by when they are, texts without regard to case: below, at or above zero.
int compared(const std::string& left, const std::string& right) {
    const auto left_time = parse_rfc3339(left);
    const auto right_time = left_time ? parse_rfc3339(right) : std::nullopt;
    if (right_time) return *left_time < *right_time ? -1 : (*right_time < *left_time ? 1 : 0);
    return to_lower(left).compare(to_lower(right));
}

bool equals(const value& member, const std::string& wanted) {
    if (member.is_null()) return equals_ignoring_case(wanted, "null");
    return compared(text_of(member), wanted) == 0;
}

Result<bool> compare(const FilterTerm& term, const value& member) {
    if (!is_comparable(member)) return unsupported(term);
    if (term.operation == "eq") return equals(member, term.values.front());
    if (term.operation == "ne") return !equals(member, term.values.front());
    if (term.operation == "in") {
        return std::ranges::any_of(term.values, [&](const std::string& one) { return equals(member, one); });
    }
    if (!member.is_string()) return unsupported(term);
    const int order = compared(text_of(member), term.values.front());
    if (term.operation == "gt") return order > 0;
    if (term.operation == "ge") return order >= 0;
    if (term.operation == "lt") return order < 0;
    return order <= 0;
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
    return to_lower(text).find(to_lower(part)) != std::string::npos;
}

Result<bool> call(const FilterTerm& term, const object& in) {
    if (term.values.size() != 2) return unsupported(term);
    const value* member = find(in, term.values[0]);
    if (member == nullptr || !is_comparable(*member)) return unsupported(term);
    const std::string text = to_lower(text_of(*member));
    const std::string wanted = to_lower(term.values[1]);
    if (equals_ignoring_case(term.name, "startswith")) return text.starts_with(wanted);
    if (equals_ignoring_case(term.name, "endswith")) return text.ends_with(wanted);
    if (equals_ignoring_case(term.name, "contains")) return text.contains(wanted);
    return unsupported(term);
}

Result<bool> matches_term(const FilterTerm& term, const object& in) {
    if (term.kind == FilterTerm::Kind::function) return call(term, in);
    const value* member = find(in, term.name);
    if (member == nullptr) return unsupported(term);
    if (term.kind == FilterTerm::Kind::comparison) return compare(term, *member);
    if (!member->is_array() || term.operation != "eq") return unsupported(term);
    return std::ranges::any_of(member->get_array(), [&](const value& item) {
        return item.is_string() && equals_ignoring_case(item.get_string(), term.values.front());
    });
}

std::string_view id_of(const object& item) { return item.at("id").get_string(); }

// `displayName desc`
Result<void> parse_order(std::string_view text, GraphQuery& out) {
    const std::size_t space = text.find(' ');
    const std::string_view direction = space == std::string_view::npos ? "asc" : text.substr(space + 1);
    out.order_by = text.substr(0, space);
    out.descending = equals_ignoring_case(direction, "desc");
    const bool plain =
        std::ranges::all_of(out.order_by, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
    if (out.order_by.empty() || !plain || (!out.descending && !equals_ignoring_case(direction, "asc"))) {
        return invalid("'$orderby' must be one property, with 'asc' or 'desc' behind it if you like: displayName desc.");
    }
    return {};
}

// `"displayName:ada" AND "mail:example"`
Result<void> parse_search(std::string_view text, GraphQuery& out) {
    const auto wrong = [] {
        return invalid(
            "'$search' must be conditions in double quotes, joined by AND: \"displayName:ada\" AND \"mail:example\".");
    };
    if (text.size() > longest_search) return invalid(fmt::format("'$search' is longer than {} bytes.", longest_search));
    while (true) {
        const std::size_t end = text.starts_with('"') ? text.find('"', 1) : std::string_view::npos;
        if (end == std::string_view::npos) return wrong();
        const std::string_view one = text.substr(1, end - 1);
        const std::size_t colon = one.find(':');
        if (colon == std::string_view::npos || colon == 0 || colon + 1 == one.size()) return wrong();
        out.search.push_back({std::string(one.substr(0, colon)), std::string(one.substr(colon + 1))});
        text.remove_prefix(end + 1);
        if (text.empty()) return {};
        if (!starts_with_ignoring_case(text, " and ")) return wrong();
        text.remove_prefix(5);
    }
}

Result<bool> is_found(const GraphQuery& query, const object& in) {
    for (const GraphQuery::Search& search : query.search) {
        const value* member = find(in, search.property);
        if (member == nullptr || !is_comparable(*member)) {
            return invalid(fmt::format("'$search' cannot look into the property '{}'.", search.property));
        }
        if (!contains_ignoring_case(text_of(*member), search.text)) return false;
    }
    return true;
}

std::string skip_token(const GraphQuery::Place& place) { return place.id + to_base64url(as_bytes(place.key)); }

std::optional<GraphQuery::Place> parse_skip_token(std::string_view text) {
    constexpr std::size_t guid_length = 36;
    const auto id = Guid::parse(text.substr(0, guid_length));
    if (!id) return std::nullopt;
    const auto key = from_base64url(text.substr(std::min(guid_length, text.size())));
    if (!key) return std::nullopt;
    return GraphQuery::Place{std::string(as_text(*key)), id->value()};
}

bool is_selected(std::string_view select, std::string_view name) noexcept {
    while (true) {
        const std::size_t comma = select.find(',');
        std::string_view one = select.substr(0, comma);
        while (one.starts_with(' ')) one.remove_prefix(1);
        while (one.ends_with(' ')) one.remove_suffix(1);
        if (equals_ignoring_case(one, name)) return true;
        if (comma == std::string_view::npos) return false;
        select.remove_prefix(comma + 1);
    }
}

} // namespace

Result<GraphQuery> GraphQuery::parse(const gateway::Context& context) {
    GraphQuery out;
    const auto& query = context.query();
    auto filter = gateway::parse_filter_expression(query.find("$filter").value_or(""));
    if (!filter) return failure(std::move(filter));
    out.filter = std::move(*filter);
    for (const std::string_view refused : {"$expand", "$skip"}) {
        if (query.find(refused)) {
            return invalid(fmt::format("'{}' is not supported: ask for related objects by their own address, and follow "
                                       "'@odata.nextLink' for more.",
                                       refused));
        }
    }
    if (const auto search = query.find("$search")) {
        if (auto parsed = parse_search(*search, out); !parsed) return failure(std::move(parsed));
    }
    if (const auto order = query.find("$orderby")) {
        if (auto parsed = parse_order(*order, out); !parsed) return failure(std::move(parsed));
    }
    if (const auto count = query.find("$count")) {
        if (!equals_ignoring_case(*count, "true") && !equals_ignoring_case(*count, "false")) {
            return invalid("'$count' must be true or false.");
        }
        out.count = equals_ignoring_case(*count, "true");
    }
    if (const auto top = query.find("$top")) {
        const auto [end, error] = std::from_chars(top->data(), top->data() + top->size(), out.limit);
        if (error != std::errc() || end != top->data() + top->size() || out.limit == 0 || out.limit > most_items) {
            return invalid(fmt::format("'$top' must be from 1 to {}.", most_items));
        }
    }
    if (const auto token = query.find("$skiptoken")) {
        out.after = parse_skip_token(*token);
        if (!out.after) return invalid("'$skiptoken' is not one of ours: follow '@odata.nextLink' as it was given.");
    }
    return out;
}

Result<bool> matches(const FilterExpression& filter, const object& in) {
    using enum FilterExpression::Kind;
    if (filter.kind == term) return matches_term(filter.term, in);
    // Every part is looked at, so that a property that does not exist is an error whatever the others say.
    bool every = true;
    bool some = false;
    for (const FilterExpression& part : filter.parts) {
        auto one = matches(part, in);
        if (!one) return one;
        every = every && *one;
        some = some || *one;
    }
    if (filter.kind == none) return !some;
    return filter.kind == any ? some : every;
}

Result<GraphPage> GraphPage::select(const GraphQuery& query, std::vector<object> all) {
    struct Found {
        GraphQuery::Place place;
        object* item;
    };
    std::vector<Found> found;
    for (object& item : all) {
        auto wanted = matches(query.filter, item);
        if (wanted && *wanted) wanted = is_found(query, item);
        if (!wanted) return failure(std::move(wanted));
        if (!*wanted) continue;
        GraphQuery::Place place{{}, std::string(id_of(item))};
        if (!query.order_by.empty()) {
            const value* key = find(item, query.order_by);
            if (key == nullptr || !is_comparable(*key)) {
                return invalid(fmt::format("'$orderby' cannot sort by the property '{}'.", query.order_by));
            }
            place.key = to_lower(text_of(*key));
        }
        found.push_back({std::move(place), &item});
    }
    const auto comes_before = [&](const GraphQuery::Place& left, const GraphQuery::Place& right) {
        if (left.key != right.key) return query.descending ? right.key < left.key : left.key < right.key;
        return left.id < right.id;
    };
    std::ranges::sort(found, comes_before, &Found::place);
    GraphPage page;
    if (query.count) page.count = found.size();
    for (Found& one : found) {
        if (query.after && !comes_before(*query.after, one.place)) continue;
        if (page.items.size() == query.limit) {
            page.more = true;
            break;
        }
        page.items.push_back(std::move(*one.item));
        page.last = std::move(one.place);
    }
    return page;
}

object selected(const gateway::Context& context, object entity) {
    const auto select = context.query().find("$select");
    if (!select || select->empty() || *select == "*") return entity;
    object out;
    for (auto& [name, member] : entity) {
        if (name.starts_with("@odata.") || is_selected(*select, name)) out[name] = std::move(member);
    }
    return out;
}

http::Response page_response(const gateway::Context& context, std::string_view collection, GraphPage page) {
    object body{{"@odata.context", fmt::format("{}/v1.0/$metadata#{}", context.base_address(), collection)}};
    if (page.count) body["@odata.count"] = *page.count;
    if (page.more) {
        const std::string& target = context.request().target;
        std::string next = context.base_address() + target.substr(0, target.find('?')) + '?';
        for (const auto& [name, text] : context.query().pairs()) {
            if (equals_ignoring_case(name, "$skiptoken")) continue;
            next += percent_encode(name) + '=' + percent_encode(text) + '&';
        }
        body["@odata.nextLink"] = next + "%24skiptoken=" + skip_token(page.last);
    }
    boost::json::array items;
    for (object& item : page.items) items.push_back(selected(context, std::move(item)));
    body["value"] = std::move(items);
    return gateway::json_response(200, body);
}

http::Response count_response(std::size_t count) { return gateway::text_response(200, "text/plain", std::to_string(count)); }

} // namespace berth::directory
