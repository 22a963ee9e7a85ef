#include "app/client/yaml.hpp"

#include "base/encoding.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace berth::app {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Words that YAML 1.1 or 1.2 reads as a boolean or null.
bool is_reserved(std::string_view text) {
    constexpr std::array<std::string_view, 9> words = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
    const std::string lower = to_lower(text);
    return std::ranges::find(words, lower) != words.end();
}

// Narrower than YAML's rule, so that it holds for every reader: begins with a letter, `/` or `_`; single spaces between.
bool can_be_plain(std::string_view text) {
    if (text.empty() || (!is_letter(text.front()) && text.front() != '/' && text.front() != '_')) return false;
    if (text.back() == ' ' || is_reserved(text)) return false;
    return std::ranges::all_of(text, [](char c) {
        return is_letter(c) || is_digit(c) || std::string_view("/_-. ").find(c) != std::string_view::npos;
    });
}

// JSON's quoting is YAML's too, but for characters that JSON may show and YAML may not.
std::string quoted(std::string_view text) {
    const std::string json = boost::json::serialize(boost::json::value(boost::json::string(text)));
    std::string out;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const auto byte = static_cast<unsigned char>(json[i]);
        const auto next = i + 1 < json.size() ? static_cast<unsigned char>(json[i + 1]) : 0U;
        const auto third = i + 2 < json.size() ? static_cast<unsigned char>(json[i + 2]) : 0U;
        if (byte == 0x7F) {
            out += "\\x7F";
        } else if (byte == 0xC2 && next >= 0x80 && next <= 0xA0) { // C1 controls, no-break space
            out += fmt::format("\\x{:02X}", next);
            ++i;
        } else if (byte == 0xE2 && next == 0x80 && (third == 0xA8 || third == 0xA9)) { // line and paragraph separator
            out += third == 0xA8 ? "\\u2028" : "\\u2029";
            i += 2;
        } else if (byte == 0xEF && next >= 0xBB) { // byte order mark, specials
            const unsigned code = ((byte & 0x0FU) << 12U) | ((next & 0x3FU) << 6U) | (third & 0x3FU);
            out += fmt::format("\\u{:04X}", code);
            i += 2;
        } else {
            out += json[i];
        }
    }
    return out;
}

void write(std::string& out, const boost::json::value& value, std::size_t depth);

bool is_block(const boost::json::value& value) {
    return (value.is_object() && !value.get_object().empty()) || (value.is_array() && !value.get_array().empty());
}

std::string scalar(const boost::json::value& value) {
    if (value.is_string()) return yaml_text(value.get_string());
    if (value.is_double()) { // YAML 1.1 wants a period and a sign of the exponent: 1.0e+20
        std::string text = fmt::format("{}", value.get_double());
        if (text.find('.') == std::string::npos) text.insert(std::min(text.find('e'), text.size()), ".0");
        return text;
    }
    return boost::json::serialize(value); // integers, booleans, null, {} and []
}

void write_members(std::string& out, const boost::json::object& object, std::size_t depth, bool first_is_placed) {
    for (const auto& [key, member] : object) {
        if (!first_is_placed) out.append(2 * depth, ' ');
        first_is_placed = false;
        out += yaml_text(key);
        out += ':';
        if (is_block(member)) {
            out += '\n';
            // A list may stand at the depth of its key.
            write(out, member, member.is_array() ? depth : depth + 1);
        } else {
            out += ' ' + scalar(member) + '\n';
        }
    }
}

void write(std::string& out, const boost::json::value& value, std::size_t depth) {
    if (value.is_object() && is_block(value)) {
        write_members(out, value.get_object(), depth, false);
    } else if (value.is_array() && is_block(value)) {
        for (const auto& item : value.get_array()) {
            out.append(2 * depth, ' ');
            if (item.is_object() && is_block(item)) {
                out += "- ";
                write_members(out, item.get_object(), depth + 1, true);
            } else if (is_block(item)) {
                out += "-\n";
                write(out, item, depth + 1);
            } else {
                out += "- " + scalar(item) + '\n';
            }
        }
    } else {
        out.append(2 * depth, ' ');
        out += scalar(value) + '\n';
    }
}

} // namespace

std::string yaml_text(std::string_view text) { return can_be_plain(text) ? std::string(text) : quoted(text); }

std::string to_yaml(const boost::json::value& document) {
    std::string out;
    write(out, document, 0);
    return out;
}

} // namespace berth::app
