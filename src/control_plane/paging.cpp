#include "control_plane/paging.hpp"

#include "base/encoding.hpp"

#include <algorithm>
#include <charconv>

namespace berth::control_plane {
namespace {

constexpr std::size_t most_items = 1000;
constexpr std::size_t longest_token = 4096;

bool is_skip_token(std::string_view name) noexcept { return equals_ignoring_case(name, "$skiptoken"); }

} // namespace

Result<ListPage> parse_list_page(const Parameters& query) {
    ListPage page;
    for (const auto& [name, text] : query.pairs()) {
        if (equals_ignoring_case(name, "$top")) {
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), page.limit);
            const bool is_number = end == text.data() + text.size() && !text.empty();
            if (is_number && error == std::errc::result_out_of_range)
                page.limit = most_items;
            else if (!is_number || error != std::errc() || page.limit == 0) {
                return failure(ErrorCode::invalid_parameter, "'$top' must be a whole number from 1.");
            }
            page.limit = std::min(page.limit, most_items);
        } else if (is_skip_token(name)) {
            const auto decoded = text.size() <= longest_token ? from_base64url(text) : std::nullopt;
            if (!decoded) {
                return failure(ErrorCode::invalid_parameter,
                               "'$skiptoken' is not one of ours: follow 'nextLink' as it was given.");
            }
            page.after = as_text(*decoded);
        }
    }
    return page;
}

std::string next_page(const gateway::Context& context, std::string_view after) {
    std::string out = context.base_address();
    const std::string& target = context.request().target;
    out += target.substr(0, target.find('?'));
    out += '?';
    for (const auto& [name, text] : context.query().pairs()) {
        if (is_skip_token(name)) continue;
        out += percent_encode(name) + '=' + percent_encode(text) + '&';
    }
    return out + "%24skiptoken=" + to_base64url(as_bytes(after));
}

} // namespace berth::control_plane
