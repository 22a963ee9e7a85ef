#include "app/client/output.hpp"

#include "app/client/yaml.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace berth::app {
namespace {

// How many columns of a terminal the text takes, every code point counted as one.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string pad(const std::string& text, std::size_t width) {
    return text + std::string(width - std::min(width, width_of(text)), ' ');
}

std::string upper(std::string text) {
    for (char& c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

const boost::json::value* member_at(const boost::json::value& from, std::string_view path) {
    const auto* at = &from;
    while (true) {
        const std::size_t period = path.find('.');
        if (!at->is_object()) return nullptr;
        at = at->get_object().if_contains(path.substr(0, period));
        if (at == nullptr || period == std::string_view::npos) return at;
        path.remove_prefix(period + 1);
    }
}

std::string cell(const boost::json::value& from, std::string_view path) {
    const auto* found = member_at(from, path);
    if (found == nullptr || found->is_null()) return "";
    if (found->is_string()) return printable(found->get_string(), false);
    if (found->is_bool()) return found->get_bool() ? "yes" : "no";
    if (found->is_array()) {
        std::string out;
        for (const auto& item : found->get_array()) {
            if (!out.empty()) out += ", ";
            out += item.is_string() ? printable(item.get_string(), false) : boost::json::serialize(item);
        }
        return out;
    }
    return boost::json::serialize(*found);
}

std::string table_of_list(const boost::json::array& items, const std::vector<Column>& columns) {
    std::vector<std::vector<std::string>> lines(1);
    for (const Column& column : columns) lines.front().push_back(upper(column.heading));
    for (const auto& item : items) {
        auto& line = lines.emplace_back();
        for (const Column& column : columns) line.push_back(cell(item, column.path));
    }
    std::vector<std::size_t> widths(columns.size());
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
    }
    std::string out;
    for (const auto& line : lines) {
        std::string text;
        for (std::size_t i = 0; i < line.size(); ++i) text += pad(line[i], widths[i] + 2);
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + '\n';
    }
    return out;
}

std::string table_of_object(const boost::json::value& object, const std::vector<Column>& columns) {
    std::size_t width = 0;
    for (const Column& column : columns) width = std::max(width, width_of(column.heading));
    std::string out;
    for (const Column& column : columns) {
        const std::string text = cell(object, column.path);
        if (!text.empty()) out += pad(column.heading, width + 2) + text + '\n';
    }
    return out;
}

void write_json(std::string& out, const boost::json::value& value, std::size_t depth) {
    const auto indent = [&](std::size_t levels) { out.append(2 * levels, ' '); };
    if (value.is_object() && !value.get_object().empty()) {
        out += "{\n";
        std::size_t left = value.get_object().size();
        for (const auto& [key, member] : value.get_object()) {
            indent(depth + 1);
            out += boost::json::serialize(boost::json::value(boost::json::string(key))) + ": ";
            write_json(out, member, depth + 1);
            out += --left != 0 ? ",\n" : "\n";
        }
        indent(depth);
        out += '}';
    } else if (value.is_array() && !value.get_array().empty()) {
        out += "[\n";
        std::size_t left = value.get_array().size();
        for (const auto& item : value.get_array()) {
            indent(depth + 1);
            write_json(out, item, depth + 1);
            out += --left != 0 ? ",\n" : "\n";
        }
        indent(depth);
        out += ']';
    } else {
        out += boost::json::serialize(value);
    }
}

} // namespace

std::string render(const Answer& answer, const std::vector<Column>& columns, std::string_view format) {
    if (format != "table") {
        if (answer.document.is_null()) return "";
        if (format == "yaml") return to_yaml(answer.document);
        std::string out;
        write_json(out, answer.document, 0);
        return out + '\n';
    }
    const auto& shown = answer.rows.is_null() ? answer.document : answer.rows;
    std::string out;
    if (!columns.empty()) {
        if (shown.is_array()) out = table_of_list(shown.get_array(), columns);
        if (shown.is_object()) out = table_of_object(shown, columns);
    }
    if (!answer.note.empty()) out += answer.note + '\n';
    return out;
}

std::string printable(std::string_view text, bool lines) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (c1) ++i; // two bytes
        const bool hidden = c1 || byte == 0x7F || (byte < 0x20 && !(lines && byte == '\n'));
        out += hidden ? '?' : text[i];
    }
    return out;
}

} // namespace berth::app
