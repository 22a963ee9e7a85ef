#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace berth::http::testing {

/// A head and what becomes of it: 200 if it is a request, else the status it is refused with. Each refused one differs
/// from an accepted one in one point.
struct HeadCase {
    std::string_view what;
    std::string head;
    unsigned status;
};

inline std::vector<HeadCase> head_cases() {
    using namespace std::string_literals;
    const std::string host = "Host: example.com\r\n";
    const auto get = [](const std::string& fields) { return "GET / HTTP/1.1\r\n" + fields + "\r\n"; };
    const auto line = [&](const std::string& first) { return first + "\r\n" + host + "\r\n"; };
    const auto with_host = [&](const std::string& value) { return get("Host: " + value + "\r\n"); };
    std::string many_fields = host;
    for (int i = 0; i < 127; ++i) many_fields += "A" + std::to_string(i) + ": b\r\n";
    return {
        {"plain request", get(host), 200},
        {"one empty line before it", "\r\n" + get(host), 200},
        {"two empty lines before it", "\r\n\r\n" + get(host), 400},
        {"value with tab, quotes and bytes above ASCII", get(host + "A: b\t\"c\" \xc3\xa9\r\n"), 200},
        {"empty value", get(host + "A:\r\n"), 200},
        {"128 fields", get(many_fields), 200},
        {"129 fields", get(many_fields + "B: c\r\n"), 431},

        // Lines (RFC 9112 section 2.2)
        {"bare line feed after the request line", "GET / HTTP/1.1\nHost: example.com\r\n\r\n", 400},
        {"bare line feed after a field", "GET / HTTP/1.1\r\nHost: example.com\n\r\n", 400},
        {"bare line feed at the end", "GET / HTTP/1.1\r\nHost: example.com\r\n\n", 400},
        {"bare carriage return in a value", get(host + "A: b\rc\r\n"), 400},
        {"bare carriage return before CR LF", get(host + "A: b\r\r\n"), 400},
        {"bare carriage return in the request line", line("GET /\ra HTTP/1.1"), 400},
        {"NUL in a value", get(host + "A: b\0c\r\n"s), 400},
        {"NUL in the target", line("GET /a\0b HTTP/1.1"s), 400},
        {"control character in a value", get(host + "A: b\x01\r\n"), 400},
        {"delete in a value", get(host + "A: b\x7f\r\n"), 400},

        // The request line (section 3)
        {"TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"s, 400},
        {"space before the method", line(" GET / HTTP/1.1"), 400},
        {"method that is no token", line("G(T / HTTP/1.1"), 400},
        {"method of another name", line("PROPFIND / HTTP/1.1"), 200},
        {"two spaces after the method", line("GET  / HTTP/1.1"), 400},
        {"tab after the method", line("GET\t/ HTTP/1.1"), 400},
        {"two spaces before the version", line("GET /  HTTP/1.1"), 400},
        {"space after the version", line("GET / HTTP/1.1 "), 400},
        {"space in the target", line("GET /a b HTTP/1.1"), 400},
        {"no target", line("GET HTTP/1.1"), 400},
        {"no version (HTTP/0.9)", line("GET /"), 400},
        {"version in lower case", line("GET / http/1.1"), 400},
        {"version of another protocol", line("GET / RTSP/1.1"), 400},
        {"HTTP/1.0", line("GET / HTTP/1.0"), 200},
        {"HTTP/1.2", line("GET / HTTP/1.2"), 505},
        {"HTTP/2.0", line("GET / HTTP/2.0"), 505},
        {"HTTP/2", line("GET / HTTP/2"), 505},
        {"HTTP/0.9 by name", line("GET / HTTP/0.9"), 505},
        {"HTTP/11.1", line("GET / HTTP/11.1"), 505},
        {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},

        // The target (section 3.2)
        {"path with a query", line("GET /a?b=c&d HTTP/1.1"), 200},
        {"path with percent-encoding", line("GET /a%20b%2F HTTP/1.1"), 200},
        {"fragment", line("GET /a#b HTTP/1.1"), 400},
        {"bytes above ASCII in the target", line("GET /\xc3\xa9 HTTP/1.1"), 400},
        {"control character in the target", line("GET /\x01 HTTP/1.1"), 400},
        {"path without a slash", line("GET a HTTP/1.1"), 400},
        {"asterisk", line("GET * HTTP/1.1"), 400},
        {"asterisk for OPTIONS", line("OPTIONS * HTTP/1.1"), 200},
        {"authority-form", line("CONNECT example.com:443 HTTP/1.1"), 400},
        {"absolute-form", line("GET http://example.com/a HTTP/1.1"), 200},
        {"absolute-form in other letters", line("GET HTTPS://Example.COM/a HTTP/1.1"), 200},
        {"absolute-form without a path", line("GET http://example.com HTTP/1.1"), 200},
        {"absolute-form of another host", line("GET http://example.org/a HTTP/1.1"), 400},
        {"absolute-form of another port", line("GET http://example.com:81/a HTTP/1.1"), 400},
        {"absolute-form with user information", line("GET http://a@example.com/a HTTP/1.1"), 400},
        {"absolute-form of another scheme", line("GET ftp://example.com/a HTTP/1.1"), 400},

        // Fields (section 5)
        {"folded value", get(host + "A: b\r\n c\r\n"), 400},
        {"value folded by a tab", get(host + "A: b\r\n\tc\r\n"), 400},
        {"fold right after the request line", "GET / HTTP/1.1\r\n a: b\r\n" + host + "\r\n", 400},
        {"space before the colon", get(host + "A : b\r\n"), 400},
        {"tab before the colon", get(host + "A\t: b\r\n"), 400},
        {"no colon", get(host + "A b\r\n"), 400},
        {"empty name", get(host + ": b\r\n"), 400},
        {"name that is no token", get(host + "A(b: c\r\n"), 400},

        // Host (section 3.2; RFC 9110 section 7.2)
        {"no Host", get("A: b\r\n"), 400},
        {"no Host with HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 200},
        {"two Hosts", get(host + host), 400},
        {"two Hosts with HTTP/1.0", "GET / HTTP/1.0\r\n" + host + host + "\r\n", 400},
        {"two Hosts in other letters", get(host + "hOST: example.com\r\n"), 400},
        {"empty Host", with_host(""), 400},
        {"Host with a port", with_host("example.com:5000"), 200},
        {"Host with an empty port", with_host("example.com:"), 400},
        {"Host with a port too large", with_host("example.com:65536"), 400},
        {"Host with a port that is none", with_host("example.com:5o"), 400},
        {"Host with an address", with_host("127.0.0.1:5000"), 200},
        {"Host with an IPv6 address", with_host("[::1]:5000"), 200},
        {"Host with an IPv6 address without brackets", with_host("::1"), 400},
        {"Host with brackets around a name", with_host("[example.com]"), 400},
        {"Host with a bracket left open", with_host("[::1"), 400},
        {"Host with something after the brackets", with_host("[::1]a"), 400},
        {"Host with a path", with_host("example.com/a"), 400},
        {"Host with user information", with_host("a@example.com"), 400},
        {"Host with a space", with_host("example.com b"), 400},
        {"Host with a list", with_host("example.com, example.org"), 400},
        {"Host with percent-encoding", with_host("ex%61mple.com"), 400},
        {"Host too long", with_host(std::string(256, 'a')), 400},

        // The body's length (sections 6.1 to 6.3)
        {"Content-Length", get(host + "Content-Length: 0\r\n"), 200},
        {"Content-Length twice, the same", get(host + "Content-Length: 0\r\nContent-Length: 0\r\n"), 400},
        {"Content-Length twice, another", get(host + "Content-Length: 0\r\nContent-Length: 5\r\n"), 400},
        {"Content-Length as a list", get(host + "Content-Length: 0, 0\r\n"), 400},
        {"Content-Length with a sign", get(host + "Content-Length: +0\r\n"), 400},
        {"Content-Length below zero", get(host + "Content-Length: -1\r\n"), 400},
        {"Content-Length in hexadecimal", get(host + "Content-Length: 0x0\r\n"), 400},
        {"Content-Length with a fraction", get(host + "Content-Length: 0.0\r\n"), 400},
        {"Content-Length empty", get(host + "Content-Length:\r\n"), 400},
        {"Content-Length above 2^63", get(host + "Content-Length: 9223372036854775808\r\n"), 400},
        {"Content-Length above 2^64", get(host + "Content-Length: 18446744073709551616\r\n"), 400},
        {"chunked", get(host + "Transfer-Encoding: chunked\r\n"), 200},
        {"chunked in other letters", get(host + "Transfer-Encoding: Chunked\r\n"), 200},
        {"chunked twice in a field", get(host + "Transfer-Encoding: chunked, chunked\r\n"), 501},
        {"chunked in two fields", get(host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
        {"chunked with something before it", get(host + "Transfer-Encoding: \vchunked\r\n"), 400},
        {"chunked in quotes", get(host + "Transfer-Encoding: \"chunked\"\r\n"), 501},
        {"compressed and chunked", get(host + "Transfer-Encoding: gzip, chunked\r\n"), 501},
        {"chunked, then compressed", get(host + "Transfer-Encoding: chunked, gzip\r\n"), 501},
        {"identity", get(host + "Transfer-Encoding: identity\r\n"), 501},
        {"unknown coding", get(host + "Transfer-Encoding: xchunked\r\n"), 501},
        {"empty coding", get(host + "Transfer-Encoding:\r\n"), 501},
        {"chunked with HTTP/1.0", "POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n", 400},
        {"both lengths", get(host + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), 400},
        {"both lengths the other way round", get(host + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), 400},

        // Expect (RFC 9110 section 10.1.1)
        {"an expectation that is not known", get(host + "Expect: more\r\n"), 417},
    };
}

} // namespace berth::http::testing
