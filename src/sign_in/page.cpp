#include "sign_in/page.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "gateway/response.hpp"

#include <boost/url/parse.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace berth::sign_in {
namespace {

constexpr std::string_view style =
    "*{box-sizing:border-box}"
    "body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;background:#eef1f4;color:#1b1f24;"
    "font:16px/1.5 system-ui,sans-serif}"
    "main{width:100%;max-width:27rem;margin:1rem;padding:2rem 2.25rem;background:#fff;border:1px solid #d5dae0;"
    "border-radius:6px}"
    "h1{margin:0 0 1rem;font-size:1.4rem;font-weight:600}p{margin:0 0 1rem;overflow-wrap:anywhere}"
    "label{display:block;margin:0 0 .25rem;font-weight:600}"
    "input{width:100%;margin:0 0 1rem;padding:.5rem .6rem;border:1px solid #8a939d;border-radius:4px;font:inherit}"
    "button,a.button{display:block;width:100%;margin:0 0 .6rem;padding:.55rem 1rem;border:1px solid #0b5cad;border-radius:4px;"
    "background:#0b5cad;color:#fff;font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}"
    "button.second,a.second{background:#fff;color:#0b5cad}"
    "input:focus,button:focus,a:focus{outline:3px solid #9cc7f2;outline-offset:1px}"
    ".wrong{padding:.6rem .8rem;border-left:4px solid #b3261e;background:#fdecea}.small{color:#57606a;font-size:.9rem}";
constexpr std::string_view post_at_once = "document.forms[0].submit()";

std::string source_of(std::string_view inline_text) {
    return fmt::format("'sha256-{}'", to_base64(Digest::of(as_bytes(inline_text)).bytes()));
}

// The origin as a source of the policy; empty when the policy could not write it.
std::string form_source(std::string_view target) {
    const auto url = boost::urls::parse_uri(target);
    if (!url) return {};
    const std::string scheme(url->scheme());
    if (scheme != "http" && scheme != "https") return " " + scheme + ":";
    const std::string authority(url->encoded_host_and_port());
    const bool plain = std::ranges::all_of(authority, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':';
    });
    return plain ? fmt::format(" {}://{}", scheme, authority) : std::string();
}

http::Response framed(unsigned status, std::string_view title, std::string_view content, std::string_view script,
                      std::string_view form_sources) {
    static const std::string style_source = source_of(style);
    static const std::string script_source = source_of(post_at_once);
    std::string body = fmt::format("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                                   "<title>{}</title><style>{}</style></head><body><main>{}</main>",
                                   escape_html(title), style, content);
    if (!script.empty()) body += fmt::format("<script>{}</script>", script);
    body += "</body></html>\n";
    auto response = gateway::text_response(status, "text/html; charset=utf-8", std::move(body));
    auto& headers = response.headers;
    headers.set("Content-Security-Policy",
                fmt::format("default-src 'none'; style-src {}; {}form-action {}; frame-ancestors 'none'; base-uri 'none'",
                            style_source, script.empty() ? std::string() : fmt::format("script-src {}; ", script_source),
                            form_sources));
    headers.set("X-Frame-Options", "DENY");
    headers.set("Referrer-Policy", "same-origin"); // with none at all browsers hide the Origin of our own forms
    headers.set("Cache-Control", "no-store");
    return response;
}

} // namespace

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default: out += c;
        }
    }
    return out;
}

http::Response page(unsigned status, std::string_view title, std::string_view content, std::string_view further_form_target) {
    return framed(status, title, content, {}, "'self'" + form_source(further_form_target));
}

http::Response page_that_posts(std::string_view target, const std::vector<std::pair<std::string_view, std::string>>& fields) {
    std::string content = fmt::format("<h1>Signed in</h1><form method=\"post\" action=\"{}\">", escape_html(target));
    for (const auto& [name, value] : fields) {
        content += fmt::format("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape_html(name), escape_html(value));
    }
    content += "<noscript><p>Scripts are off in this browser: go on by hand.</p><button>Continue</button></noscript></form>";
    const std::string source = form_source(target);
    return framed(200, "Signed in", content, post_at_once, source.empty() ? "'none'" : std::string_view(source).substr(1));
}

http::Response redirect(std::string location) {
    auto response = gateway::empty_response(303);
    response.headers.set("Location", std::move(location));
    response.headers.set("Cache-Control", "no-store");
    response.headers.set("Referrer-Policy", "no-referrer");
    return response;
}

} // namespace berth::sign_in
