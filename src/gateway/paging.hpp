#pragma once

#include "base/percent.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace berth::gateway {

/// `n` and `last` of the distribution specification's lists.
struct Page {
    std::uint64_t limit = 100; ///< 0: an empty page; large ones are clamped
    bool limited = false;      ///< whether the client sent `n`
    std::string after;         ///< `last`, or empty
};

/// `default_limit` when `n` is missing; `n` above `most` is clamped; below 0 or no number is `invalid_parameter` (an OCI
/// client sees 400).
Result<Page> parse_page(const Parameters& query, std::uint64_t default_limit, std::uint64_t most);

/// The value of ACR's Link header: `</v2/_catalog?last=library%2Fbusybox&n=1&orderby=>; rel="next"`.
std::string next_link(std::string_view path, std::string_view last, std::uint64_t n, std::string_view order_by = {},
                      std::string_view more = {});

} // namespace berth::gateway
