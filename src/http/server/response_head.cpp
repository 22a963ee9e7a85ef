#include "http/server/response_head.hpp"

#include "base/character_range.hpp"
#include "base/time.hpp"
#include "http/characters.hpp"

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <strings.h>

namespace berth::http {
namespace {

bool same_name(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() && ::strncasecmp(left.data(), right.data(), left.size()) == 0;
}

// Made anew when the second changes, once per thread.
std::string_view date_field() {
    thread_local std::time_t made = -1;
    thread_local std::string field;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != made) {
        made = now.tv_sec;
        field = "Date: " + to_http_date(Timestamp(std::chrono::seconds(made))) + "\r\n";
    }
    return field;
}

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits; // NOLINT: filled by to_chars
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_safely(std::string& out, std::string_view text) {
    if (all_between(text, ' ', '~')) { // as nearly all are
        out.append(text);
        return;
    }
    std::ranges::transform(text, std::back_inserter(out), [](char c) { return is_value_character(c) ? c : ' '; });
}

bool is_framing(std::string_view name) noexcept {
    switch (name.size()) {
    case 7: return same_name(name, "Trailer") || same_name(name, "Upgrade");
    case 10: return same_name(name, "Connection") || same_name(name, "Keep-Alive");
    case 17: return same_name(name, "Transfer-Encoding");
    default: return false;
    }
}

bool forbids_body(unsigned status) noexcept { return status < 200 || status == 204 || status == 304; }

} // namespace

bool has_body(const Response& response, const Delivery& delivery) noexcept {
    return !delivery.to_head && !forbids_body(response.status);
}

bool asks_to_close(const Response& response) noexcept {
    const auto field = response.headers.find("Connection");
    return field && same_name(*field, "close");
}

void append_head(std::string& out, const Response& response, const Delivery& delivery, std::string_view server_name) {
    if (response.status == 200) {
        out += "HTTP/1.1 200 OK\r\nServer: ";
    } else {
        const auto reason = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(response.status));
        out += "HTTP/1.1 ";
        append_number(out, response.status);
        out += ' ';
        out.append(reason.data(), reason.size());
        out += "\r\nServer: ";
    }
    out += server_name;
    out += "\r\n";
    out += date_field();

    const bool with_body = has_body(response, delivery);
    bool length_set = false;
    for (std::size_t i = 0; i < response.headers.size(); ++i) {
        const auto [name, value] = response.headers[i];
        if (is_framing(name)) continue;
        if (name.size() == 14 && same_name(name, "Content-Length")) {
            if (with_body || response.status == 204 || length_set) continue;
            length_set = true;
        }
        append_safely(out, name);
        out += ": ";
        append_safely(out, value);
        out += "\r\n";
    }
    // No length with 204 (RFC 9110 section 8.6); with 304 only one that the handler knows.
    if (!length_set && !forbids_body(response.status)) {
        out += "Content-Length: ";
        append_number(out, body_size(response.body));
        out += "\r\n";
    }
    if (!delivery.keep_alive) {
        out += "Connection: close\r\n";
    } else if (delivery.to_http_1_0) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

} // namespace berth::http
