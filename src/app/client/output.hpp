#pragma once

#include "app/client/command.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace berth::app {

/// What a command prints on standard output. `format` is `table`, `json` or `yaml`. A table of a list has a line of
/// headings and a line for each item; of one object, a line for each column. JSON and YAML show the whole document, and
/// nothing where there is none.
std::string render(const Answer& answer, const std::vector<Column>& columns, std::string_view format);

/// Text of a server as a terminal may get it: control characters, which could move the cursor or hide text, are `?`;
/// line breaks stay if `lines`.
std::string printable(std::string_view text, bool lines);

} // namespace berth::app
