#pragma once

#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace berth::app {

/// An image elsewhere, as people name it.
struct ImportSource {
    std::string host;       ///< empty for one in a registry of this server
    std::string image;      ///< `repository:tag` or `repository@digest`
    std::string repository; ///< of `image`
    bool digest = false;    ///< named by digest
};

/// Takes `host[:port]/repository:tag` apart, or `repository:tag` when the registry is said elsewhere. A missing tag is
/// `latest`. `invalid_parameter` for anything else; what the parts may be is for the server to say.
Result<ImportSource> parse_import_source(std::string_view text, bool registry_is_known);

/// What the status of an operation says, for a person: `Running, 40 %`. Empty when it says nothing.
std::string progress_line(const boost::json::value& status);

} // namespace berth::app
