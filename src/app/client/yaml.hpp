#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace berth::app {

/// A JSON document as block-style YAML, which YAML 1.1 and 1.2 read back as the same: text that could be taken for
/// anything else (a number, a date, `no`, `null`, a comment) is quoted. Ends in a newline.
std::string to_yaml(const boost::json::value& document);

/// One text as a YAML scalar: plain if it can be, else in double quotes.
std::string yaml_text(std::string_view text);

} // namespace berth::app
