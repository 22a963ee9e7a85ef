#pragma once

#include "gateway/context.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace berth::control_plane {

/// Where a page of an ARM list begins and how long it is.
struct ListPage {
    std::size_t limit = 200; ///< `$top`, from 1 to 1,000
    std::string after;       ///< what `$skiptoken` carries: the key of the last item seen, or empty
};

/// `invalid_parameter` for a `$top` that is no number from 1 and for a `$skiptoken` that berth did not make. `$top` above
/// 1,000 is clamped.
Result<ListPage> parse_list_page(const Parameters& query);

/// The address of the next page: this request's own with a `$skiptoken` that carries `after`.
std::string next_page(const gateway::Context& context, std::string_view after);

} // namespace berth::control_plane
