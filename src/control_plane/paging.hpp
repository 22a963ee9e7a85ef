#pragma once

#include "gateway/context.hpp"
#include "gateway/response.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

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

/// One page of what is all at hand, in the order of the keys. `key(item)` is a text that no other item has; `render(item)`
/// makes the JSON, of the items on the page only.
template <class Item, class Key, class Render>
http::Response page_of(const gateway::Context& context, const ListPage& page, std::vector<Item> all, Key key, Render render) {
    std::ranges::sort(all, {}, key);
    boost::json::array items;
    std::string last;
    for (auto& item : all) {
        if (key(item) <= page.after) continue;
        if (items.size() == page.limit) return gateway::list_response(std::move(items), next_page(context, last));
        last = key(item);
        items.push_back(render(item));
    }
    return gateway::list_response(std::move(items));
}

} // namespace berth::control_plane
