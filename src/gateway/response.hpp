#pragma once

#include "base/result.hpp"
#include "http/message.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace berth::gateway {

/// `application/json; charset=utf-8`, with the newline at the end that ACR's bodies have.
http::Response json_response(unsigned status, const boost::json::value& value);
http::Response text_response(unsigned status, std::string_view media_type, std::string body);
/// No body.
http::Response empty_response(unsigned status);

/// ARM list: `{"value":[...]}` with `nextLink` when there is one.
http::Response list_response(boost::json::array items, std::string_view next_link = {});

} // namespace berth::gateway
