#include "gateway/response.hpp"
#include "identity/device_codes.hpp"
#include "sign_in/client_registration.hpp"
#include "sign_in/cookies.hpp"
#include "sign_in/entra_error.hpp"
#include "sign_in/grants.hpp"
#include "sign_in/sign_in_page.hpp"
#include "sign_in/sign_in_routes.hpp"
#include "sign_in/tenant_segment.hpp"

#include <fmt/format.h>

#include <set>

namespace berth::sign_in {
namespace {

using gateway::Context;
using gateway::Route;
using gateway::Services;
using http::Response;
using storage::Session;

constexpr std::uint64_t largest_form = std::uint64_t{64} << 10;
constexpr int seconds_between_polls = 3;

Task<Result<Response>> give_device_code(const Services& services, Context& context, TokenForm form) {
    if (form != TokenForm::adfs) {
        if (auto known = check_tenant(context.world(), context.parameter("tenant")); !known) {
            co_return failure(std::move(known));
        }
    }
    auto body = co_await context.body();
    if (!body) co_return failure(std::move(body));
    const auto fields = Parameters::parse(*body);
    if (!fields) co_return invalid_request(900144, "The request body is no application/x-www-form-urlencoded form.");
    std::set<std::string_view> names;
    for (const auto& [name, value] : fields->pairs()) {
        if (!names.insert(name).second) {
            co_return invalid_request(9000411, fmt::format("The parameter '{}' is duplicated.", name));
        }
    }
    const auto field = [&](std::string_view name) { return fields->find(name).value_or(""); };
    if (field("client_id").empty()) {
        co_return invalid_request(900144, "The request body must contain the following parameter: 'client_id'.");
    }
    auto client = co_await find_client(services, context, field("client_id"));
    if (!client) co_return failure(std::move(client));
    if (!client->public_flows) {
        co_return entra_failure(ErrorCode::invalid_parameter, "unauthorized_client", 7000218,
                                fmt::format("The application '{}' is no public client: give it a redirect URI of a public "
                                            "client, or set 'isFallbackPublicClient'.",
                                            client->id));
    }
    const auto access = RequestedAccess::parse(form, field("scope"), field("resource"));
    if (!access) co_return std::unexpected(access.error());
    if (auto known = check_resource(services, context, access->resource); !known) co_return failure(std::move(known));
    const std::string kept = kept_access(*access, {});
    auto make = [&](Session& session) {
        return identity::make_device_code(session, client->id, kept, context.request().remote_address, context.now());
    };
    auto making = services.database.write(make);
    auto made = co_await std::move(making);
    if (!made) co_return failure(std::move(made));
    const std::string address = context.base_address() + "/devicelogin";
    boost::json::object answer{
        {"user_code", made->user_code},
        {"device_code", made->device_code.reveal()},
        {"verification_uri", address},
        {"expires_in", std::chrono::seconds(identity::device_code_lifetime).count()},
        {"interval", seconds_between_polls},
        {"message", fmt::format("To sign in, use a web browser to open the page {} and enter the code {} to authenticate.",
                                address, made->user_code)}};
    if (form == TokenForm::v1) answer["verification_url"] = address;
    co_return token_response(answer);
}

Task<Result<Response>> ask_for_code(const Services& services, Context& context) {
    const Browser browser = browser_of(context);
    Response response = device_code_page(200, facts_of(services, context, {}, browser), {});
    if (browser.is_new) set_cookie(response, context, Cookie::browser, browser.value);
    co_return response;
}

Task<Result<Response>> take_code(const Services& services, Context& context) {
    const auto form = co_await read_form(context);
    if (!form) co_return std::unexpected(form.error());
    auto pending = PendingSignIn::open(services, context, form->find("pending"));
    if (!pending) co_return failure(std::move(pending));
    // Codes are many and end soon; who tries one after the other is still stopped, as with passwords.
    const std::string_view address = context.request().remote_address;
    constexpr std::string_view nobody = "\x01"
                                        "device code";
    auto open = co_await services.credentials.attempts().check(nobody, address);
    if (!open) co_return failure(std::move(open));
    auto read = [&](Session& session) { return identity::find_device(session, form->find("user_code"), context.now()); };
    auto reading = services.database.read(storage::ReadKind::point, read);
    auto device = co_await std::move(reading);
    if (!device) co_return failure(std::move(device));
    if (!*device) {
        auto counted = co_await services.credentials.attempts().failed(nobody, address);
        if (!counted) co_return failure(std::move(counted));
        const Browser browser = browser_of(context);
        co_return device_code_page(404, facts_of(services, context, {}, browser),
                                   "That code is not known, or it has expired. Check it, or start again where it was shown.");
    }
    pending->request.reset();
    pending->user_code = (*device)->user_code;
    auto known = co_await signed_in(services, context);
    if (!known) co_return failure(std::move(known));
    co_return ask_who(services, context, *pending, *known);
}

Task<Result<Response>> take_answer(const Services& services, Context& context) {
    const auto form = co_await read_form(context);
    if (!form) co_return std::unexpected(form.error());
    auto pending = PendingSignIn::open(services, context, form->find("pending"));
    if (!pending) co_return failure(std::move(pending));
    auto known = co_await signed_in(services, context);
    if (!known) co_return failure(std::move(known));
    if (!*known) co_return ask_who(services, context, *pending, std::nullopt);
    const identity::VerifiedPrincipal& person = (*known)->person;
    const bool agreed = form->find("answer") == "continue";
    auto decide = [&](Session& session) -> Result<bool> {
        auto device = identity::find_device(session, pending->user_code, context.now());
        if (!device) return failure(std::move(device));
        if (!*device) return false;
        auto decided = agreed ? identity::approve_device(session, **device, person, context.now())
                              : identity::decline_device(session, **device, context.now());
        if (!decided || !*decided) return decided;
        auto left = storage::append_event(session, context.now(),
                                          {.kind = agreed ? "signIn.deviceApproved" : "signIn.deviceDeclined",
                                           .registry = std::nullopt,
                                           .actor = person.id.value(),
                                           .detail = {{"clientId", (*device)->client_id}, {"address", (*device)->address}}});
        if (!left) return failure(std::move(left));
        return true;
    };
    auto deciding = services.database.write(decide);
    auto decided = co_await std::move(deciding);
    if (!decided) co_return failure(std::move(decided));
    if (!*decided) co_return failure(ErrorCode::bad_request, "The code has expired. Start again where you signed in.");
    if (!agreed) co_return message_page(200, "Nothing was signed in", "You can close this window.");
    co_return message_page(200, "You have signed in", "The other device goes on by itself. You can close this window.");
}

} // namespace

std::vector<Route> device_routes(const Services& services) {
    using enum http::Method;
    struct Row {
        std::string_view id;
        std::string_view pattern;
        TokenForm form;
        std::string_view summary;
    };
    constexpr std::string_view page = "where people enter the code of a device that has no browser";
    constexpr std::string_view next = "a form of the sign-in page, good only in the browser that it was made for";
    std::vector<Route> out{
        page_route(services, "device.page", get, "/devicelogin", ask_for_code, page, "Asks for the code of a device"),
        page_route(services, "device.code", post, "/devicelogin", take_code, next, "Takes the code of a device"),
        page_route(services, "device.answer", post, "/signin/device", take_answer, next,
                   "Takes the decision whether a device may sign in")};
    for (const Row& row :
         {Row{"devicecode.v2", "/{tenant}/oauth2/v2.0/devicecode", TokenForm::v2, "Gives a client without a browser a code"},
          Row{"devicecode.v1", "/{tenant}/oauth2/devicecode", TokenForm::v1, "The same in its first version"},
          Row{"devicecode.adfs", "/adfs/oauth2/devicecode", TokenForm::adfs,
              "The same for clients that take berth for an ADFS"}}) {
        Route route;
        route.id = row.id;
        route.method = post;
        route.pattern = row.pattern;
        route.protocol = gateway::Protocol::sign_in;
        route.entry = {gateway::EntryKind::open, {}, "a code is good for nothing until a person agrees"};
        route.body_limit = largest_form;
        route.handler = [services, form = row.form](Context& context) { return give_device_code(services, context, form); };
        route.summary = row.summary;
        out.push_back(std::move(route));
    }
    return out;
}

} // namespace berth::sign_in
