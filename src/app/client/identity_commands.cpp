#include "app/client/command_list.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/scopes.hpp"
#include "base/encoding.hpp"
#include "base/strict_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

using boost::json::object;

const std::string below = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities";

// The whole subscription, or one group of it.
Result<std::string> collection(Session& session, const Values& values) {
    auto scope = values.given("resource-group") ? group_scope(session, values) : subscription_scope(session, values);
    if (!scope) return scope;
    return *scope + below;
}

// By ARM id; in `--resource-group`; else the one of that name in the subscription.
Result<std::string> identity_scope(Session& session, const Values& values, const std::string& name) {
    if (name.starts_with('/')) return encode_path(name);
    auto segment = encode_segment(name);
    if (!segment) return segment;
    auto at = collection(session, values);
    if (!at) return at;
    if (values.given("resource-group")) return *at + '/' + *segment;
    auto all = session.list_arm(*at);
    if (!all) return failure(std::move(all));
    std::vector<std::string> found;
    for (const auto& one : *all) {
        if (equals_ignoring_case(find_string(one, "name").value_or(""), name))
            found.emplace_back(find_string(one, "id").value_or(""));
    }
    if (found.size() == 1) return found.front();
    if (found.empty())
        return failure(ErrorCode::not_found, fmt::format("There is no managed identity '{}' that you may read.", name));
    return failure(ErrorCode::conflict,
                   fmt::format("'{}' is the name of {} identities. Say which with --resource-group, or by its ARM id.", name,
                               found.size()));
}

Result<std::string> item(Session& session, const Values& values) {
    return identity_scope(session, values, values.text("name"));
}

ResourceKind identities() {
    return {.command = "identity",
            .noun = "managed identity",
            .plural = "managed identities",
            .where = group_arguments(),
            .collection = collection,
            .item = item,
            .name_says = "Name or ARM id",
            .loss = "Its access ends at once.",
            .columns = {{"name", "name"},
                        {"location", "location"},
                        {"client id", "properties.clientId"},
                        {"object id", "properties.principalId"}},
            .example_name = "builder"};
}

Result<Answer> create(Session& session, const Values& values) {
    auto name = encode_segment(values.text("name"));
    if (!name) return failure(std::move(name));
    auto group = group_scope(session, values);
    if (!group) return failure(std::move(group));
    std::string location = values.text("location");
    if (location.empty()) {
        auto found = session.arm("GET", *group);
        if (!found) return failure(std::move(found));
        location = find_string(*found, "location").value_or("");
    }
    auto made = session.arm("PUT", fmt::format("{}{}/{}", *group, below, *name), object{{"location", location}});
    if (!made) return failure(std::move(made));
    return Answer{.document = std::move(*made)};
}

Argument identity_argument() {
    return {
        .name = "--identity", .what = "Name or ARM id of the managed identity", .required = true, .placeholder = "IDENTITY"};
}

Result<std::string> credentials(Session& session, const Values& values) {
    auto identity = identity_scope(session, values, values.text("identity"));
    if (!identity) return identity;
    return *identity + "/federatedIdentityCredentials";
}

ResourceKind federated_credentials() {
    return {.command = "identity federated-credential",
            .noun = "federated credential",
            .plural = "federated credentials",
            .where = joined({identity_argument()}, group_arguments()),
            .collection = credentials,
            .loss = "Tokens of that issuer sign nobody in as this identity any more.",
            .columns = {{"name", "name"},
                        {"issuer", "properties.issuer"},
                        {"subject", "properties.subject"},
                        {"audiences", "properties.audiences"}},
            .example_name = "main-branch",
            .example_where = " --identity builder"};
}

Result<Answer> create_credential(Session& session, const Values& values) {
    auto path = locate(federated_credentials(), session, values);
    if (!path) return failure(std::move(path));
    boost::json::array audiences;
    for (const auto& one : values.list("audience")) audiences.emplace_back(one);
    if (audiences.empty()) audiences.emplace_back("api://AzureADTokenExchange");
    auto made = session.arm("PUT", *path,
                            object{{"properties", object{{"issuer", values.text("issuer")},
                                                         {"subject", values.text("subject")},
                                                         {"audiences", std::move(audiences)}}}});
    if (!made) return failure(std::move(made));
    return Answer{.document = std::move(*made)};
}

Result<boost::json::value> endpoint_action(Session& session, const Values& values, std::string_view action,
                                           const boost::json::value& body) {
    auto identity = identity_scope(session, values, values.text("identity"));
    if (!identity) return failure(std::move(identity));
    return session.arm("POST", fmt::format("{}/{}", *identity, action), body);
}

Result<Answer> create_endpoint(Session& session, const Values& values) {
    object body;
    if (values.given("display-name")) body["displayName"] = values.text("display-name");
    auto made = endpoint_action(session, values, "createIdentityEndpoint", body);
    if (!made) return failure(std::move(made));
    const auto endpoint = find_string(*made, "identityEndpoint").value_or("");
    const auto header = find_string(*made, "identityHeader").value_or("");
    return Answer{.document = *made,
                  .note = fmt::format("The secret is shown this once. Set both where the identity is used:\n\n"
                                      "export IDENTITY_ENDPOINT={}\nexport IDENTITY_HEADER={}\n\n"
                                      "then: az login --identity",
                                      endpoint, header)};
}

Result<Answer> list_endpoints(Session& session, const Values& values) {
    auto found = endpoint_action(session, values, "listIdentityEndpoints", nullptr);
    if (!found) return failure(std::move(found));
    const auto* items = find_member(*found, "value");
    return Answer{.document = items != nullptr ? *items : boost::json::value(boost::json::array{})};
}

Result<Answer> delete_endpoint(Session& session, const Values& values) {
    auto deleted = endpoint_action(session, values, "deleteIdentityEndpoint", object{{"keyId", values.text("name")}});
    if (!deleted) return failure(std::move(deleted));
    return Answer{.note = "Its secret has ended, and so has every token that was made with it."};
}

std::vector<Command> endpoint_commands() {
    const auto where = joined({identity_argument()}, group_arguments());
    const std::vector<Column> columns = {{"key id", "keyId"}, {"display name", "displayName"}, {"ends", "endDateTime"}};
    return {{.path = "identity endpoint create",
             .summary = "Make the secret with which a machine or job uses a managed identity; prints what to set there",
             .arguments = joined(where, {{.name = "--display-name", .what = "Where it will be used"}}),
             .examples = {"berth identity endpoint create --identity builder --display-name runner-7"},
             .run = create_endpoint},
            {.path = "identity endpoint list",
             .summary = "List the secrets with which a managed identity is used, without the secrets",
             .arguments = where,
             .examples = {"berth identity endpoint list --identity builder"},
             .columns = columns,
             .run = list_endpoints},
            {.path = "identity endpoint delete",
             .summary = "End such a secret, and every token that was made with it, at once",
             .arguments = joined({name_argument("Its key id, as list shows it")}, where),
             .examples = {"berth identity endpoint delete 5e7d4a0e-3c52-4b6f-9d5d-0f6c5b0b1a11 --identity builder"},
             .question = "End the secret '{}'? Whatever uses the identity with it stops at once.",
             .run = delete_endpoint}};
}

} // namespace

std::vector<Command> identity_commands() {
    const ResourceKind identity = identities();
    const ResourceKind credential = federated_credentials();
    std::vector<Command> out;
    out.push_back({.path = "identity create",
                   .summary = "Make a managed identity: who programs are without a secret of their own",
                   .arguments = joined({name_argument("3 to 128 letters, digits, '-' and '_'"),
                                        {.name = "-l,--location", .what = "The resource group's when left out"}},
                                       group_arguments()),
                   .examples = {"berth identity create builder"},
                   .columns = identity.columns,
                   .run = create});
    for (Command& command : standard_commands(identity)) out.push_back(std::move(command));
    out.push_back(
        {.path = "identity federated-credential create",
         .summary = "Let tokens of an issuer that the server trusts sign in as a managed identity",
         .arguments = joined(
             joined({name_argument("Its name")}, credential.where),
             {{.name = "--issuer", .what = "Issuer of the tokens, as their iss says", .required = true, .placeholder = "URL"},
              {.name = "--subject", .what = "Whose tokens, as their sub says", .required = true},
              {.name = "--audience",
               .what = "For whom they must be; api://AzureADTokenExchange when left out",
               .kind = Argument::Kind::list,
               .placeholder = "AUDIENCE"}}),
         .examples = {"berth identity federated-credential create main-branch --identity builder --issuer "
                      "https://token.actions.githubusercontent.com --subject repo:octo/app:ref:refs/heads/main"},
         .columns = credential.columns,
         .run = create_credential});
    for (Command& command : standard_commands(credential)) out.push_back(std::move(command));
    for (Command& command : endpoint_commands()) out.push_back(std::move(command));
    return out;
}

} // namespace berth::app
