#include "base/strict_json.hpp"
#include "directory/graph_json.hpp"
#include "directory/graph_list.hpp"
#include "directory/graph_routes.hpp"
#include "gateway/response.hpp"
#include "outbound/target_url.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/federated_credential_store.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::directory {
namespace {

using boost::json::object;
using boost::json::value;
using gateway::Context;
using gateway::Services;
using http::Response;
using storage::Session;
using tenant::FederatedCredential;

constexpr std::size_t longest_text = 600;
constexpr std::size_t longest_name = 120;
constexpr std::string_view collection = "applications/federatedIdentityCredentials";

std::unexpected<Error> invalid(std::string message) { return failure(ErrorCode::invalid_parameter, std::move(message)); }

object to_json(const FederatedCredential& one) {
    return {{"id", one.id.value()},
            {"name", one.name},
            {"issuer", one.issuer},
            {"subject", one.subject},
            {"description", one.description ? value(*one.description) : value(nullptr)},
            {"audiences", boost::json::array(one.audiences.begin(), one.audiences.end())}};
}

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= longest_name && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
}

// Takes over what the body says; what it does not name stays.
Result<void> apply(const value& body, FederatedCredential& out) {
    for (const auto& [name, into] :
         {std::pair("name", &out.name), std::pair("issuer", &out.issuer), std::pair("subject", &out.subject)}) {
        const value* given = find_member(body, name);
        if (given == nullptr) continue;
        if (!given->is_string() || given->get_string().empty() || given->get_string().size() > longest_text) {
            return invalid(fmt::format("'{}' must be a string of 1 to {} characters.", name, longest_text));
        }
        *into = given->get_string();
    }
    if (const value* given = find_member(body, "description")) {
        if (!given->is_string() || given->get_string().size() > longest_text) {
            return invalid(fmt::format("'description' must be a string of at most {} characters.", longest_text));
        }
        out.description = std::string(given->get_string());
    }
    if (find_member(body, "audiences") != nullptr) {
        auto audiences = find_strings(body, "audiences");
        if (!audiences || audiences->size() != 1 || audiences->front().empty() || audiences->front().size() > longest_text) {
            return invalid("'audiences' must be an array of one string, such as 'api://AzureADTokenExchange'.");
        }
        out.audiences = std::move(*audiences);
    }
    if (!is_name(out.name)) return invalid("'name' must have 1 to 120 letters, digits, '-', '_' and '.'.");
    if (!outbound::TargetUrl::parse(out.issuer)) {
        return invalid("'issuer' must be the address of an issuer, exactly as its tokens have it in 'iss'.");
    }
    if (out.subject.empty()) return invalid("'subject' must be the subject of the tokens.");
    if (out.audiences.empty()) return invalid("'audiences' must name what the tokens are for.");
    return {};
}

bool taken_as_they_are(const Services& services, const FederatedCredential& one) {
    return services.trusted_issuers.takes_tokens_for(one.issuer, one.audiences.front());
}

std::unexpected<Error> unknown(const Context& context) { return no_such_resource(context.parameter("credential")); }

Result<FederatedCredential> find_one(Session& session, const Context& context, const Guid& application) {
    auto found = tenant::find_federated_credential(session, application, context.parameter("credential"));
    if (!found) return failure(std::move(found));
    if (!*found) return unknown(context);
    return std::move(**found);
}

Task<Result<Response>> list(const Services& services, Context& context) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    auto query = GraphQuery::parse(context);
    if (!query) co_return failure(std::move(query));
    const auto read = [&](Session& session) -> Result<std::vector<object>> {
        auto application = tenant::read_application(session, *id);
        if (!application) return no_such_resource(id->value());
        auto credentials = tenant::list_federated_credentials(session, *id);
        if (!credentials) return failure(std::move(credentials));
        std::vector<object> out;
        for (const FederatedCredential& one : *credentials) out.push_back(to_json(one));
        return out;
    };
    auto reading = services.database.read(storage::ReadKind::page, read);
    auto all = co_await std::move(reading);
    if (!all) co_return failure(std::move(all));
    auto page = GraphPage::select(*query, std::move(*all));
    if (!page) co_return failure(std::move(page));
    co_return page_response(context, collection, std::move(*page));
}

Task<Result<Response>> read_one(const Services& services, Context& context) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    const auto read = [&](Session& session) { return find_one(session, context, *id); };
    auto reading = services.database.read(storage::ReadKind::point, read);
    auto found = co_await std::move(reading);
    if (!found) co_return failure(std::move(found));
    co_return entity_response(context, 200, collection, to_json(*found));
}

Task<Result<Response>> create(const Services& services, Context& context) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    FederatedCredential made{.id = Guid::random(),
                             .owner = *id,
                             .name = {},
                             .issuer = {},
                             .subject = {},
                             .audiences = {},
                             .description = std::nullopt,
                             .since = context.now()};
    if (auto applied = apply(*body, made); !applied) co_return failure(std::move(applied));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto application = tenant::read_application(session, *id);
        if (!application) return no_such_resource(id->value());
        auto written = tenant::write_federated_credential(session, made, taken_as_they_are(services, made));
        if (!written) return failure(std::move(written));
        return context.event("application.addFederatedIdentityCredential",
                             {{"id", id->value()}, {"credential", to_json(made)}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return entity_response(context, 201, collection, to_json(made));
}

Task<Result<Response>> update(const Services& services, Context& context) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto found = find_one(session, context, *id);
        if (!found) return failure(std::move(found));
        if (auto applied = apply(*body, *found); !applied) return failure(std::move(applied));
        found->since = context.now();
        auto written = tenant::write_federated_credential(session, *found, taken_as_they_are(services, *found));
        if (!written) return failure(std::move(written));
        return context.event("application.updateFederatedIdentityCredential",
                             {{"id", id->value()}, {"credential", to_json(*found)}});
    };
    auto changing = change_without_content(services, context, change);
    co_return co_await std::move(changing);
}

Task<Result<Response>> remove(const Services& services, Context& context) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto found = find_one(session, context, *id);
        if (!found) return failure(std::move(found));
        auto removed = tenant::delete_federated_credential(session, *id, found->id);
        if (!removed) return failure(std::move(removed));
        return context.event("application.removeFederatedIdentityCredential",
                             {{"id", id->value()}, {"credential", found->id.value()}});
    };
    auto changing = change_without_content(services, context, change);
    co_return co_await std::move(changing);
}

} // namespace

std::vector<gateway::Route> federated_credential_routes(const Services& services) {
    using enum http::Method;
    const std::string all = "/applications/{id}/federatedIdentityCredentials";
    const std::string one = all + "/{credential}";
    const std::vector<const gateway::Permission*> read{&permissions::applications_read};
    const std::vector<const gateway::Permission*> write{&permissions::applications_credentials};
    std::vector<GraphRoute> rows;
    const auto row = [&](std::string_view verb, http::Method method, const std::string& pattern,
                         const std::vector<const gateway::Permission*>& needed, bool has_body, auto handler,
                         std::string summary) {
        rows.push_back({.id = fmt::format("application.federatedIdentityCredential.{}", verb),
                        .method = method,
                        .pattern = pattern,
                        .permissions = needed,
                        .has_body = has_body,
                        .handler = handler,
                        .summary = std::move(summary)});
    };
    row("list", get, all, read, false, list, "Lists the outside tokens that stand for an application");
    row("get", get, one, read, false, read_one, "Reads one of them");
    row("create", post, all, write, true, create, "Lets tokens of an outside issuer stand for an application");
    row("update", patch, one, write, true, update, "Changes which outside tokens stand for an application");
    row("delete", delete_, one, write, false, remove, "Ends that outside tokens stand for an application, at once");
    return graph_routes(services, std::move(rows));
}

} // namespace berth::directory
