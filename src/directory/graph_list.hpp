#pragma once

#include "gateway/context.hpp"
#include "gateway/filter.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::directory {

/// What a client asks of a collection: `$filter`, `$top` (1 to 999, 100 when missing), `$skiptoken`.
struct GraphQuery {
    std::vector<gateway::FilterTerm> terms;
    std::size_t limit = 100;
    std::string after; ///< object id of the last item seen

    /// `invalid_parameter` for what is not understood.
    static Result<GraphQuery> parse(const gateway::Context& context);
};

/// Whether an object fulfils every condition: `eq` and `ne` on its strings and booleans, `…/any(x:x eq '…')` on its arrays
/// of strings, `startswith(…)`; text is compared without regard to case. `invalid_parameter` for another condition and for
/// a property that the object does not have.
Result<bool> matches(std::span<const gateway::FilterTerm> terms, const boost::json::object& object);

/// A page of the objects that fulfil the query, in the order of their ids, from all of them.
struct GraphPage {
    std::vector<boost::json::object> items;
    bool more = false;

    static Result<GraphPage> select(const GraphQuery& query, std::vector<boost::json::object> all);
};

/// The answer with `@odata.context` of the collection and, if there is more, `@odata.nextLink`.
http::Response page_response(const gateway::Context& context, std::string_view collection, GraphPage page);

} // namespace berth::directory
