#pragma once

#include "http/message.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace berth::http {

/// How an answer is sent.
struct Delivery {
    bool keep_alive = true;
    bool to_http_1_0 = false;
    bool to_head = false; ///< the request was a HEAD
};

/// Whether the answer carries a body (RFC 9110 section 6.4.1).
bool has_body(const Response& response, const Delivery& delivery) noexcept;

/// Appends the status line and all fields with the empty line. Fields that frame the message are the server's: what a
/// handler sets of them is left out, but for the Content-Length of an answer without body. Characters that would end a
/// field are replaced by spaces.
void append_head(std::string& out, const Response& response, const Delivery& delivery, std::string_view server_name);

/// Whether the handler asks for the end of the connection by `Connection: close`.
bool asks_to_close(const Response& response) noexcept;

} // namespace berth::http
