#include "directory/graph_list.hpp"

#include "base/encoding.hpp"
#include "base/guid.hpp"
#include "base/percent.hpp"
#include "gateway/response.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace berth::directory {
namespace {

using boost::json::object;
using boost::json::value;
using gateway::FilterTerm;

constexpr std::size_t most_items = 999;

std::string_view text_of(const value& member) {
    if (member.is_bool()) return member.get_bool() ? "true" : "false";
    return member.is_string() ? std::string_view(member.get_string()) : std::string_view();
}

std::unexpected<Error> unsupported(const FilterTerm& term) {
    return failure(ErrorCode::invalid_parameter,
                   fmt::format("Unsupported or invalid query filter clause specified for '{}'.", term.to_string()));
}

const value* find(const object& in, std::string_view name) {
    for (const auto& [key, member] : in) {
        if (equals_ignoring_case(key, name)) return &member;
    }
    return nullptr;
}

Result<bool> matches_one(const FilterTerm& term, const object& in) {
    const bool is_call = term.is_call("startswith", 2);
    if (term.kind == FilterTerm::Kind::function && !is_call) return unsupported(term);
    const value* member = find(in, is_call ? std::string_view(term.values[0]) : std::string_view(term.name));
    if (member == nullptr) return unsupported(term);
    if (is_call) return starts_with_ignoring_case(text_of(*member), term.values[1]);
    if (term.kind == FilterTerm::Kind::any) {
        if (!member->is_array() || term.operation != "eq") return unsupported(term);
        return std::ranges::any_of(member->get_array(), [&](const value& item) {
            return item.is_string() && equals_ignoring_case(item.get_string(), term.values.front());
        });
    }
    const bool comparable = member->is_string() || member->is_bool() || member->is_null();
    if (!comparable || (term.operation != "eq" && term.operation != "ne")) return unsupported(term);
    const bool equal = !member->is_null() ? equals_ignoring_case(text_of(*member), term.values.front())
                                          : equals_ignoring_case(term.values.front(), "null");
    return equal == (term.operation == "eq");
}

std::string_view id_of(const object& item) { return item.at("id").get_string(); }

} // namespace

Result<GraphQuery> GraphQuery::parse(const gateway::Context& context) {
    GraphQuery out;
    auto terms = gateway::parse_filter(context.query().find("$filter").value_or(""));
    if (!terms) return failure(std::move(terms));
    out.terms = std::move(*terms);
    if (const auto top = context.query().find("$top")) {
        const auto [end, error] = std::from_chars(top->data(), top->data() + top->size(), out.limit);
        if (error != std::errc() || end != top->data() + top->size() || out.limit == 0 || out.limit > most_items) {
            return failure(ErrorCode::invalid_parameter, fmt::format("'$top' must be from 1 to {}.", most_items));
        }
    }
    if (const auto token = context.query().find("$skiptoken")) {
        const auto id = Guid::parse(*token);
        if (!id) {
            return failure(ErrorCode::invalid_parameter,
                           "'$skiptoken' is not one of ours: follow '@odata.nextLink' as it was given.");
        }
        out.after = id->value();
    }
    return out;
}

Result<bool> matches(std::span<const FilterTerm> terms, const object& in) {
    for (const FilterTerm& term : terms) {
        auto one = matches_one(term, in);
        if (!one || !*one) return one;
    }
    return true;
}

Result<GraphPage> GraphPage::select(const GraphQuery& query, std::vector<object> all) {
    std::ranges::sort(all, {}, id_of);
    GraphPage page;
    for (object& item : all) {
        if (id_of(item) <= query.after) continue;
        auto wanted = matches(query.terms, item);
        if (!wanted) return failure(std::move(wanted));
        if (!*wanted) continue;
        if (page.items.size() == query.limit) {
            page.more = true;
            break;
        }
        page.items.push_back(std::move(item));
    }
    return page;
}

http::Response page_response(const gateway::Context& context, std::string_view collection, GraphPage page) {
    object body{{"@odata.context", fmt::format("{}/v1.0/$metadata#{}", context.base_address(), collection)}};
    if (page.more) {
        const std::string& target = context.request().target;
        std::string next = context.base_address() + target.substr(0, target.find('?')) + '?';
        for (const auto& [name, text] : context.query().pairs()) {
            if (equals_ignoring_case(name, "$skiptoken")) continue;
            next += percent_encode(name) + '=' + percent_encode(text) + '&';
        }
        body["@odata.nextLink"] = next + "%24skiptoken=" + std::string(id_of(page.items.back()));
    }
    boost::json::array items;
    for (object& item : page.items) items.push_back(std::move(item));
    body["value"] = std::move(items);
    return gateway::json_response(200, body);
}

} // namespace berth::directory
