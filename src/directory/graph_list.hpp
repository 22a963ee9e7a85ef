#pragma once

#include "gateway/context.hpp"
#include "gateway/filter.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::directory {

/// What a client asks of a collection: `$filter`, `$search`, `$orderby`, `$top` (1 to 999, 100 when missing), `$count`,
/// `$skiptoken`. Graph's header `ConsistencyLevel` is not needed.
struct GraphQuery {
    /// Where a page ended.
    struct Place {
        std::string key; ///< what `$orderby` sorts by, of the last item
        std::string id;
    };
    /// `"displayName:words"`: all conditions hold.
    struct Search {
        std::string property;
        std::string text;
    };
    gateway::FilterExpression filter;
    std::vector<Search> search;
    std::string order_by; ///< a property; empty: by id
    bool descending = false;
    bool count = false;
    std::size_t limit = 100;
    std::optional<Place> after;

    /// `invalid_parameter` for what is not understood; `$expand` and `$skip` are refused.
    static Result<GraphQuery> parse(const gateway::Context& context);
};

/// Whether an object fulfils the filter: comparisons of its strings (without regard to case), times, booleans and numbers;
/// `in`; `…/any(x:x eq '…')` on arrays of strings; `startswith`, `endswith`, `contains`. Members of members are written with
/// `/`. `invalid_parameter` for another condition and for a property that the object does not have.
Result<bool> matches(const gateway::FilterExpression& filter, const boost::json::object& object);

/// A page of the objects that fulfil the query, from all of them.
struct GraphPage {
    std::vector<boost::json::object> items;
    bool more = false;
    GraphQuery::Place last;           ///< of the last item
    std::optional<std::size_t> count; ///< of all that fulfil it, when `$count=true`

    static Result<GraphPage> select(const GraphQuery& query, std::vector<boost::json::object> all);
};

/// The object with the members that `$select` names (all without one, `@odata.type` always).
boost::json::object selected(const gateway::Context& context, boost::json::object entity);

/// The answer with `@odata.context` of the collection and, if there is more, `@odata.nextLink`.
http::Response page_response(const gateway::Context& context, std::string_view collection, GraphPage page);

/// The answer to `…/$count`: how many there are, as text.
http::Response count_response(std::size_t count);

} // namespace berth::directory
