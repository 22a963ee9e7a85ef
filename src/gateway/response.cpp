#include "gateway/response.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace berth::gateway {

http::Response json_response(unsigned status, const boost::json::value& value) {
    return text_response(status, "application/json; charset=utf-8", boost::json::serialize(value) + "\n");
}

http::Response text_response(unsigned status, std::string_view media_type, std::string body) {
    http::Response response;
    response.status = status;
    response.headers.add("Content-Type", media_type);
    response.body = std::move(body);
    return response;
}

http::Response empty_response(unsigned status) {
    http::Response response;
    response.status = status;
    return response;
}

http::Response list_response(boost::json::array items, std::string_view next_link) {
    boost::json::object body{{"value", std::move(items)}};
    if (!next_link.empty()) body["nextLink"] = next_link;
    return json_response(200, body);
}

} // namespace berth::gateway
