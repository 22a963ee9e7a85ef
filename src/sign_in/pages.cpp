#include "sign_in/pages.hpp"

#include "sign_in/page.hpp"

#include <fmt/format.h>

namespace berth::sign_in {
namespace {

std::string warning(std::string_view text) {
    return text.empty() ? std::string() : fmt::format("<p class=\"wrong\" role=\"alert\">{}</p>", escape_html(text));
}

std::string hidden(const PageFacts& facts) {
    return fmt::format("<input type=\"hidden\" name=\"pending\" value=\"{}\">", escape_html(facts.pending));
}

std::string name_of(const tenant::Principal& person) {
    return escape_html(person.user_principal_name.value_or(person.display_name));
}

std::string purpose_of(const PageFacts& facts) {
    return facts.client.empty() ? std::string() : fmt::format("<p>to continue to {}</p>", escape_html(facts.client));
}

std::string provider_link(const PageFacts& facts) {
    if (!facts.provider) return {};
    return fmt::format(
        "<p class=\"small\">or</p><a class=\"button second\" id=\"provider\" href=\"/signin/provider?pending={}\">"
        "Sign in with {}</a>",
        escape_html(facts.pending), escape_html(*facts.provider));
}

} // namespace

http::Response password_page(unsigned status, const PageFacts& facts, std::string_view name, std::string_view wrong) {
    const std::string content = fmt::format(
        "<h1>Sign in</h1>{}{}<form method=\"post\" action=\"/signin/password\">{}"
        "<label for=\"username\">User name</label>"
        "<input id=\"username\" name=\"username\" value=\"{}\" autocomplete=\"username\" autocapitalize=\"none\" "
        "spellcheck=\"false\" maxlength=\"256\" required{}>"
        "<label for=\"password\">Password</label>"
        "<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" maxlength=\"1024\" "
        "required{}><button id=\"submit\">Sign in</button></form>{}<p class=\"small\">{}</p>",
        purpose_of(facts), warning(wrong), hidden(facts), escape_html(name), name.empty() ? " autofocus" : "",
        name.empty() ? "" : " autofocus", provider_link(facts), escape_html(facts.directory));
    return page(status, "Sign in", content, facts.form_target);
}

http::Response account_page(const PageFacts& facts, const tenant::Principal& person) {
    const std::string content =
        fmt::format("<h1>Continue?</h1>{}<p>You are signed in as <strong>{}</strong>.</p>"
                    "<form method=\"post\" action=\"/signin/continue\">{}<button id=\"continue\">Continue as {}</button></form>"
                    "<form method=\"post\" action=\"/signin/other\">{}<button id=\"other\" class=\"second\">Use another "
                    "account</button></form>",
                    purpose_of(facts), name_of(person), hidden(facts), name_of(person), hidden(facts));
    return page(200, "Continue?", content, facts.form_target);
}

http::Response device_code_page(unsigned status, const PageFacts& facts, std::string_view wrong) {
    const std::string content = fmt::format(
        "<h1>Enter the code</h1><p>It is shown where you started to sign in. Do not enter a code that somebody sent you.</p>{}"
        "<form method=\"post\" action=\"/devicelogin\">{}<label for=\"user_code\">Code</label>"
        "<input id=\"user_code\" name=\"user_code\" autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" "
        "maxlength=\"32\" "
        "required autofocus><button id=\"submit\">Next</button></form>",
        warning(wrong), hidden(facts));
    return page(status, "Enter the code", content);
}

http::Response device_consent_page(const PageFacts& facts, const tenant::Principal& person, std::string_view address) {
    const std::string content = fmt::format(
        "<h1>Sign in to {0}?</h1><p>{0} on another device, at the address {1}, will act as <strong>{2}</strong>. Continue only "
        "if you started this there yourself.</p>"
        "<form method=\"post\" action=\"/signin/device\">{3}"
        "<button type=\"submit\" id=\"continue\" name=\"answer\" value=\"continue\">Continue</button>"
        "<button type=\"submit\" id=\"cancel\" class=\"second\" name=\"answer\" value=\"cancel\">Cancel</button></form>",
        escape_html(facts.client), escape_html(address), name_of(person), hidden(facts));
    return page(200, "Sign in to a device", content);
}

http::Response message_page(unsigned status, std::string_view heading, std::string_view text) {
    return page(status, heading, fmt::format("<h1>{}</h1><p>{}</p>", escape_html(heading), escape_html(text)));
}

} // namespace berth::sign_in
