#include "gateway/paging.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace berth::gateway {

Result<Page> parse_page(const Parameters& query, std::uint64_t default_limit, std::uint64_t most) {
    Page page{.limit = default_limit, .limited = false, .after = std::string(query.find("last").value_or(""))};
    const auto text = query.find("n");
    if (!text) return page;
    page.limited = true;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), page.limit);
    if (error == std::errc::result_out_of_range && end == text->data() + text->size()) {
        page.limit = most;
    } else if (error != std::errc{} || end != text->data() + text->size()) {
        return failure(ErrorCode::invalid_parameter, "The query parameter 'n' must be a number, 0 or above.");
    }
    page.limit = std::min(page.limit, most);
    return page;
}

std::string next_link(std::string_view path, std::string_view last, std::uint64_t n, std::string_view order_by,
                      std::string_view more) {
    return fmt::format("<{}?last={}&n={}&orderby={}{}{}>; rel=\"next\"", path, percent_encode(last), n, order_by,
                       more.empty() ? "" : "&", more);
}

} // namespace berth::gateway
