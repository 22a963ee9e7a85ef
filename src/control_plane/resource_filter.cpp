#include "control_plane/resource_filter.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::control_plane {
namespace {

using gateway::FilterExpression;
using gateway::FilterTerm;
using tenant::Resource;

constexpr std::array<std::string_view, 6> fields{"resourceType", "name", "resourceGroup", "location", "tagName", "tagValue"};
constexpr std::array<std::string_view, 3> comparisons{"eq", "ne", "in"};

bool is_one_of(std::string_view text, std::span<const std::string_view> known) {
    return std::ranges::any_of(known, [&](std::string_view one) { return equals_ignoring_case(text, one); });
}

// `substringof('text', name)` or `startswith(name, 'text')`: which field, and the text.
struct TextSearch {
    std::string_view field;
    std::string_view text;
    bool at_start = false;
};
std::optional<TextSearch> search_of(const FilterTerm& term) {
    std::optional<TextSearch> out;
    if (term.is_call("substringof", 2)) out = TextSearch{term.values[1], term.values[0], false};
    if (term.is_call("startswith", 2)) out = TextSearch{term.values[0], term.values[1], true};
    const bool is_known = out && is_one_of(out->field, fields) && !equals_ignoring_case(out->field, "tagValue");
    return is_known ? out : std::nullopt;
}

bool is_known(const FilterTerm& term) {
    if (search_of(term)) return true;
    return term.kind == FilterTerm::Kind::comparison && is_one_of(term.name, fields) && is_one_of(term.operation, comparisons);
}

Result<void> check(const FilterExpression& expression) {
    if (expression.kind == FilterExpression::Kind::term && !is_known(expression.term)) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("The $filter condition {} is not supported: use resourceType, name, resourceGroup, "
                                   "location, tagName and tagValue with eq or ne, substringof('…', name) or "
                                   "startswith(tagName, '…').",
                                   expression.term.to_string()));
    }
    for (const FilterExpression& part : expression.parts) {
        if (auto checked = check(part); !checked) return checked;
    }
    return {};
}

// The tag that `tagName eq` names, wherever it stands.
std::optional<std::string> tag_name_in(const FilterExpression& expression) {
    if (expression.kind == FilterExpression::Kind::term && expression.term.is_equality("tagName")) {
        return expression.term.values.front();
    }
    for (const FilterExpression& part : expression.parts) {
        if (auto found = tag_name_in(part)) return found;
    }
    return std::nullopt;
}

std::string_view field_of(const Resource& resource, std::string_view name) {
    if (equals_ignoring_case(name, "resourceType")) return resource.type;
    if (equals_ignoring_case(name, "name")) return resource.name;
    if (equals_ignoring_case(name, "location")) return resource.location;
    return resource.resource_group;
}

bool contains_text(std::string_view has, const TextSearch& search) {
    const std::string lower = to_lower(has);
    const std::string wanted = to_lower(search.text);
    return search.at_start ? lower.starts_with(wanted) : lower.contains(wanted);
}

bool searches(const Resource& resource, const TextSearch& search) {
    if (!equals_ignoring_case(search.field, "tagName")) return contains_text(field_of(resource, search.field), search);
    return std::ranges::any_of(resource.tags, [&](const auto& tag) { return contains_text(tag.key(), search); });
}

bool has_value(const boost::json::value& value, const FilterTerm& term) {
    const auto* text = value.if_string();
    return text != nullptr && std::ranges::any_of(term.values, [&](const std::string& wanted) { return *text == wanted; });
}

bool equals(const Resource& resource, const FilterTerm& term, const std::optional<std::string>& tag_name) {
    const auto is_wanted = [&](std::string_view has) {
        return std::ranges::any_of(term.values, [&](const std::string& wanted) { return equals_ignoring_case(has, wanted); });
    };
    if (equals_ignoring_case(term.name, "tagName")) {
        return std::ranges::any_of(resource.tags, [&](const auto& tag) { return is_wanted(tag.key()); });
    }
    if (equals_ignoring_case(term.name, "tagValue")) {
        return std::ranges::any_of(resource.tags, [&](const auto& tag) {
            return (!tag_name || equals_ignoring_case(tag.key(), *tag_name)) && has_value(tag.value(), term);
        });
    }
    return is_wanted(field_of(resource, term.name));
}

bool meets(const Resource& resource, const FilterExpression& expression, const std::optional<std::string>& tag_name) {
    const auto part_meets = [&](const FilterExpression& part) { return meets(resource, part, tag_name); };
    switch (expression.kind) {
    case FilterExpression::Kind::all: return std::ranges::all_of(expression.parts, part_meets);
    case FilterExpression::Kind::any: return std::ranges::any_of(expression.parts, part_meets);
    case FilterExpression::Kind::none: return !part_meets(expression.parts.front());
    case FilterExpression::Kind::term: break;
    }
    if (const auto search = search_of(expression.term)) return searches(resource, *search);
    return equals(resource, expression.term, tag_name) != equals_ignoring_case(expression.term.operation, "ne");
}

} // namespace

Result<ResourceFilter> ResourceFilter::parse(std::string_view text) {
    auto expression = gateway::parse_filter_expression(text);
    if (!expression) return failure(std::move(expression));
    if (auto checked = check(*expression); !checked) return failure(std::move(checked));
    ResourceFilter out(std::move(*expression));
    out.tag_name_ = tag_name_in(out.expression_);
    return out;
}

bool ResourceFilter::matches(const Resource& resource) const { return meets(resource, expression_, tag_name_); }

std::optional<std::string> ResourceFilter::only_type() const {
    const auto type_of = [](const FilterExpression& one) -> std::optional<std::string> {
        const bool names_type = one.kind == FilterExpression::Kind::term && one.term.is_equality("resourceType");
        return names_type ? std::optional(one.term.values.front()) : std::nullopt;
    };
    if (auto type = type_of(expression_)) return type;
    if (expression_.kind != FilterExpression::Kind::all) return std::nullopt;
    for (const FilterExpression& part : expression_.parts) {
        if (auto type = type_of(part)) return type;
    }
    return std::nullopt;
}

} // namespace berth::control_plane
