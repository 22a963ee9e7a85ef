#include "http/head.hpp"

#include "base/character_range.hpp"
#include "http/characters.hpp"
#include "http/host.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <strings.h>

namespace berth::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;

constexpr std::size_t usual_fields = 16;

bool same_text(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() && ::strncasecmp(left.data(), right.data(), left.size()) == 0;
}

Method method_of(beast_http::verb verb) noexcept {
    switch (verb) {
    case beast_http::verb::get: return Method::get;
    case beast_http::verb::head: return Method::head;
    case beast_http::verb::post: return Method::post;
    case beast_http::verb::put: return Method::put;
    case beast_http::verb::patch: return Method::patch;
    case beast_http::verb::delete_: return Method::delete_;
    case beast_http::verb::options: return Method::options;
    default: return Method::other;
    }
}

// Beast splits the head into its parts and checks tokens, numbers and the Connection field; what it lets through that
// is not safe is checked here and in `check`.
class Parser final : public beast_http::basic_parser<true> {
public:
    explicit Parser(Request& request) : request_(request) {}

    int version = 0; // 11 or 10
    std::size_t hosts = 0;
    std::size_t lengths = 0;
    std::size_t transfer_encodings = 0;
    std::size_t expectations = 0;
    std::string_view host;
    std::string_view length;
    std::string_view transfer_encoding;
    std::string_view expectation;

private:
    using text = boost::beast::string_view;
    static std::string_view view(text value) noexcept { return {value.data(), value.size()}; }

    void on_request_impl(beast_http::verb verb, text method, text target, int spoken, error_code&) override {
        version = spoken;
        request_.method = method_of(verb);
        request_.method_name.assign(method.data(), method.size());
        request_.target.assign(target.data(), target.size());
    }
    void on_field_impl(beast_http::field field, text name, text value, error_code&) override {
        const std::string_view content = view(value);
        switch (field) {
        case beast_http::field::host:
            ++hosts;
            host = content;
            break;
        case beast_http::field::content_length:
            ++lengths;
            length = content;
            break;
        case beast_http::field::transfer_encoding:
            ++transfer_encodings;
            transfer_encoding = content;
            break;
        case beast_http::field::expect:
            ++expectations;
            expectation = content;
            break;
        default: break;
        }
        request_.headers.add(view(name), content);
    }
    void on_header_impl(error_code&) override {}

    // Only heads are given to this parser.
    void on_response_impl(int, text, int, error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(text, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, text, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}

    Request& request_;
};

// Beast says only that the version is bad; another version of HTTP is told apart from nonsense.
bool names_other_version(std::string_view head) noexcept {
    const std::string_view line = head.substr(0, head.find('\r'));
    const std::size_t space = line.rfind(' ');
    if (space == std::string_view::npos) return false;
    std::string_view version = line.substr(space + 1);
    if (!version.starts_with("HTTP/")) return false;
    version.remove_prefix(5);
    if (version == "1.1" || version == "1.0") return false; // what is wrong stands before it
    return !version.empty() && version.front() != '.' && version.back() != '.' &&
           std::ranges::all_of(version, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

Refusal explain(error_code error, std::string_view head) {
    if (error == beast_http::error::bad_version) {
        if (names_other_version(head)) return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
        return {400, "the request line does not end in an HTTP version"};
    }
    if (error == beast_http::error::bad_method) return {400, "the method is not a token followed by a space"};
    if (error == beast_http::error::bad_target) return {400, "the request target is malformed"};
    if (error == beast_http::error::bad_field) return {400, "a header line has no name of a token followed by a colon"};
    if (error == beast_http::error::bad_content_length) {
        return {400, "Content-Length must be one decimal number, and not come with Transfer-Encoding"};
    }
    if (error == beast_http::error::multiple_content_length) return {400, "Content-Length must be sent once"};
    if (error == beast_http::error::bad_transfer_encoding) {
        return {400, "Transfer-Encoding must be one field, and not come with Content-Length"};
    }
    if (error == beast_http::error::bad_value) return {400, "a header value holds a character that is not allowed"};
    return {400, "the head of the request is malformed"};
}

constexpr Refusal bad_target{400, "the request target must be a path, or an address whose authority is the Host"};

// RFC 9112 section 3.2: origin-form; absolute-form, brought to origin-form; `*` for OPTIONS.
std::optional<Refusal> settle_target(Request& request) {
    std::string& target = request.target;
    if (!all_between(target, '!', '~') || target.contains('#')) return bad_target;
    if (target == "*" && request.method == Method::options) return std::nullopt;
    if (target.starts_with('/')) return std::nullopt;

    std::size_t authority = 0;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (same_text(std::string_view(target).substr(0, scheme.size()), scheme)) authority = scheme.size();
    }
    if (authority == 0) return bad_target;
    const std::size_t end = std::min(target.find_first_of("/?", authority), target.size());
    const auto host = parse_host(std::string_view(target).substr(authority, end - authority));
    if (!host || *host != request.host) return bad_target;
    target.erase(0, end);
    if (!target.starts_with('/')) target.insert(target.begin(), '/');
    return std::nullopt;
}

// RFC 9112 sections 3.2 (Host), 6.1 and 6.3 (lengths); RFC 9110 section 10.1.1 (Expect).
std::optional<Refusal> settle_fields(const Parser& parser, Request& request, Framing& framing) {
    if (parser.hosts > 1) return Refusal{400, "Host must be sent once"};
    if (parser.hosts == 0 && !framing.http_1_0) return Refusal{400, "Host is missing"};
    if (parser.hosts == 1) {
        auto host = parse_host(parser.host);
        if (!host) return Refusal{400, "Host is not a name or address with an optional port"};
        request.host = std::move(*host);
    }

    if (parser.transfer_encodings > 0) {
        if (framing.http_1_0) return Refusal{400, "Transfer-Encoding does not exist in HTTP/1.0"};
        if (parser.lengths > 0) return Refusal{400, "Content-Length and Transfer-Encoding must not come together"};
        if (parser.transfer_encodings > 1) return Refusal{400, "Transfer-Encoding must be sent once"};
        if (!same_text(parser.transfer_encoding, "chunked")) {
            return Refusal{501, "the only Transfer-Encoding understood here is chunked"};
        }
        framing.chunked = true;
        request.has_body = true;
    } else if (parser.lengths > 0) {
        if (parser.lengths > 1) return Refusal{400, "Content-Length must be sent once"};
        // Beast takes a list of equal numbers, too.
        std::int64_t length = 0;
        const auto [end, error] = std::from_chars(parser.length.data(), parser.length.data() + parser.length.size(), length);
        if (error != std::errc{} || end != parser.length.data() + parser.length.size() || length < 0) {
            return Refusal{400, "Content-Length is not one decimal number below 2^63"};
        }
        request.content_length = static_cast<std::uint64_t>(length);
        request.has_body = length > 0;
    }

    if (parser.expectations > 0 && !framing.http_1_0) {
        if (parser.expectations > 1 || !same_text(parser.expectation, "100-continue")) {
            return Refusal{417, "the only expectation understood here is 100-continue"};
        }
        framing.expects_continue = request.has_body;
    }
    return std::nullopt;
}

} // namespace

HeadScanner::State HeadScanner::refuse(Refusal refusal) noexcept {
    refusal_ = refusal;
    return State::refused;
}

HeadScanner::State HeadScanner::scan(std::string_view bytes) noexcept {
    if (lines_ == 0 && !bytes.empty() && !is_token_character(bytes.front())) {
        return refuse({400, "the request does not begin with a method (is this TLS sent to a plain address?)"});
    }
    while (scanned_ < bytes.size()) {
        const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
        if (found == nullptr) {
            scanned_ = bytes.size();
            break;
        }
        const auto newline = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
        std::string_view line = bytes.substr(line_start_, newline - line_start_);
        if (!line.ends_with('\r')) return refuse({400, "a line of the head ends in a bare line feed"});
        line.remove_suffix(1);
        line_start_ = scanned_ = newline + 1;
        if (line.empty()) return State::complete;
        if (std::memchr(line.data(), '\r', line.size()) != nullptr) {
            return refuse({400, "the head holds a bare carriage return"});
        }
        if (std::memchr(line.data(), '\0', line.size()) != nullptr) return refuse({400, "the head holds a NUL"});
        if (lines_ > 0 && (line.front() == ' ' || line.front() == '\t')) {
            return refuse({400, "a header line begins with white space"});
        }
        if (++lines_ > most_fields + 1) return refuse({431, "the head has too many fields"});
    }
    return State::incomplete;
}

std::optional<Refusal> parse_head(std::string_view head, Request& request, Framing& framing) {
    request.headers.reserve(usual_fields);
    Parser parser(request);
    parser.header_limit(std::numeric_limits<std::uint32_t>::max());
    parser.body_limit(boost::none);
    error_code error;
    parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
    if (error) return explain(error, head);
    if (!parser.is_header_done()) return Refusal{400, "the head of the request is malformed"};

    framing.http_1_0 = parser.version < 11;
    framing.keep_alive = parser.keep_alive();
    if (auto refusal = settle_fields(parser, request, framing)) return refusal;
    if (auto refusal = settle_target(request)) return refusal;

    const std::string_view target = request.target;
    const std::size_t question = target.find('?');
    request.path = target.substr(0, question);
    request.query = question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
    return std::nullopt;
}

} // namespace berth::http
