#include "directory/security_attributes.hpp"

#include "base/encoding.hpp"
#include "tenant/directory_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace berth::directory {
namespace {

using boost::json::value;

constexpr std::string_view set_type = "#Microsoft.DirectoryServices.CustomSecurityAttributeValue";

// With nothing but these, `{set}_{name}` is taken apart in one way only.
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= longest_attribute_name && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
}

std::unexpected<Error> wrong(std::string_view set, std::string_view name, std::string_view must) {
    return failure(ErrorCode::invalid_parameter,
                   fmt::format("'customSecurityAttributes.{}{}{}' must be {}.", set, name.empty() ? "" : ".", name, must));
}

Result<std::string> text_of(std::string_view set, std::string_view name, const value& given) {
    if (!given.is_string() || given.get_string().empty() || given.get_string().size() > longest_attribute_value) {
        return wrong(set, name, fmt::format("a text of 1 to {} characters, or an array of them", longest_attribute_value));
    }
    return std::string(given.get_string());
}

Result<std::vector<std::string>> texts_of(std::string_view set, std::string_view name, const value& given) {
    std::vector<std::string> out;
    if (given.is_null()) return out;
    if (!given.is_array()) {
        auto text = text_of(set, name, given);
        if (!text) return failure(std::move(text));
        out.push_back(std::move(*text));
        return out;
    }
    for (const auto& item : given.get_array()) {
        auto text = text_of(set, name, item);
        if (!text) return failure(std::move(text));
        if (std::ranges::find(out, *text) == out.end()) out.push_back(std::move(*text));
    }
    return out;
}

void put(std::vector<rbac::SecurityAttribute>& attributes, std::string name, std::vector<std::string> values) {
    std::erase_if(attributes, [&](const auto& one) { return equals_ignoring_case(one.name, name); });
    if (!values.empty()) attributes.push_back({std::move(name), std::move(values)});
}

} // namespace

Result<std::vector<rbac::SecurityAttribute>> patched_security_attributes(std::vector<rbac::SecurityAttribute> before,
                                                                         const value& patch) {
    if (!patch.is_object()) {
        return failure(ErrorCode::invalid_parameter, "'customSecurityAttributes' must be an object of attribute sets.");
    }
    for (const auto& [set, members] : patch.get_object()) {
        if (set.starts_with('@')) continue; // annotations of OData
        if (!is_name(set)) return wrong(set, "", fmt::format("named with 1 to {} letters and digits", longest_attribute_name));
        if (!members.is_object()) return wrong(set, "", "an object of attributes");
        for (const auto& [name, given] : members.get_object()) {
            if (name.find('@') != std::string_view::npos) continue; // `@odata.type`, `Project@odata.type`
            if (!is_name(name)) {
                return wrong(set, name, fmt::format("named with 1 to {} letters and digits", longest_attribute_name));
            }
            auto values = texts_of(set, name, given);
            if (!values) return failure(std::move(values));
            put(before, fmt::format("{}_{}", std::string_view(set), std::string_view(name)), std::move(*values));
        }
    }
    std::ranges::sort(before, {}, &rbac::SecurityAttribute::name);
    return before;
}

Result<void> patch_security_attributes(storage::Session& session, const Guid& principal, const value& patch) {
    auto before = tenant::read_security_attributes(session, principal);
    if (!before) return failure(std::move(before));
    auto after = patched_security_attributes(std::move(*before), patch);
    if (!after) return failure(std::move(after));
    return tenant::set_security_attributes(session, principal, *after);
}

boost::json::object security_attributes_json(std::span<const rbac::SecurityAttribute> attributes) {
    boost::json::object out;
    for (const rbac::SecurityAttribute& attribute : attributes) {
        const std::size_t line = attribute.name.find('_');
        if (line == std::string::npos) continue;
        auto& set = out[attribute.name.substr(0, line)];
        if (!set.is_object()) set = boost::json::object{{"@odata.type", set_type}};
        const std::string name = attribute.name.substr(line + 1);
        if (attribute.values.size() == 1) {
            set.get_object()[name] = attribute.values.front();
        } else {
            set.get_object()[name + "@odata.type"] = "#Collection(String)";
            set.get_object()[name] = boost::json::array(attribute.values.begin(), attribute.values.end());
        }
    }
    return out;
}

bool selects_security_attributes(std::string_view select) noexcept {
    while (true) {
        const std::size_t comma = select.find(',');
        std::string_view one = select.substr(0, comma);
        while (one.starts_with(' ')) one.remove_prefix(1);
        while (one.ends_with(' ')) one.remove_suffix(1);
        if (equals_ignoring_case(one, "customSecurityAttributes")) return true;
        if (comma == std::string_view::npos) return false;
        select.remove_prefix(comma + 1);
    }
}

} // namespace berth::directory
