#pragma once

#include "base/result.hpp"

#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

/// What a JSON text from outside may be.
struct JsonLimits {
    std::size_t depth = 64; ///< nested arrays and objects
};

/// Parses one JSON text (RFC 8259, UTF-8) and refuses what lenient parsers let through: repeated keys, however they are
/// spelled; depth above the limit; a number that no double holds; anything after the value. Fails with `invalid_json`. The
/// value lives in `memory`: who only looks at it for a moment gives a `monotonic_resource`, which has to outlive it.
Result<boost::json::value> parse_json(std::string_view text, JsonLimits limits = {}, boost::json::storage_ptr memory = {});

/// Looks into parsed JSON without exceptions. Null and a missing member are alike.
/// The member if `value` is an object that has it and it is not null, else nullptr.
const boost::json::value* find_member(const boost::json::value& value, std::string_view key);
/// The member if it is a string.
std::optional<std::string_view> find_string(const boost::json::value& value, std::string_view key);
/// The member if it is a boolean.
std::optional<bool> find_bool(const boost::json::value& value, std::string_view key);
/// The member if it is an integer that fits; 1.0 and 1e3 are no integers.
std::optional<std::int64_t> find_integer(const boost::json::value& value, std::string_view key);
/// The strings of an array member; nullopt if it is missing, no array, or holds anything but strings.
std::optional<std::vector<std::string>> find_strings(const boost::json::value& value, std::string_view key);

} // namespace berth
