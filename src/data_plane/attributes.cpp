#include "data_plane/attributes.hpp"

#include <fmt/format.h>

namespace berth::data_plane {
namespace {

std::unexpected<Error> locked(std::string_view what, std::string_view attribute) {
    return failure(ErrorCode::operation_disallowed,
                   fmt::format("The operation is disallowed on this registry, repository or image: {} is locked "
                               "({} is false). Set {} to true to allow it.",
                               what, attribute, attribute),
                   boost::json::object{});
}

} // namespace

Result<void> require_readable(Attributes attributes, std::string_view what) {
    if (!attributes.read_enabled()) return locked(what, "readEnabled");
    return {};
}

Result<void> require_writable(Attributes attributes, std::string_view what) {
    if (!attributes.write_enabled()) return locked(what, "writeEnabled");
    return {};
}

Result<void> require_deletable(Attributes attributes, std::string_view what) {
    if (!attributes.write_enabled()) return locked(what, "writeEnabled");
    if (!attributes.delete_enabled()) return locked(what, "deleteEnabled");
    return {};
}

} // namespace berth::data_plane
