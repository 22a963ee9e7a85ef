#include "directory/graph_json.hpp"
#include "directory/graph_list.hpp"
#include "directory/graph_routes.hpp"
#include "gateway/response.hpp"
#include "tenant/directory_store.hpp"

#include "base/strict_json.hpp"

namespace berth::directory {
namespace {

using boost::json::object;
using gateway::Context;
using gateway::Services;
using http::Response;
using storage::Session;
using tenant::Application;

// The application with what is to be known of its secrets.
Result<object> read_with_credentials(Session& session, const Guid& id) {
    auto application = tenant::read_application(session, id);
    if (!application) return failure(std::move(application));
    auto credentials = tenant::list_credentials(session, id);
    if (!credentials) return failure(std::move(credentials));
    object out = to_json(*application);
    out["passwordCredentials"] = to_json(*credentials);
    return out;
}

Task<Result<Response>> create(const Services& services, Context& context) {
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    auto name = parse_display_name(*body);
    if (!name) co_return failure(std::move(name));
    std::optional<Application> made;
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto application = tenant::create_application(session, context.world().tenant_id, *name, context.now());
        if (!application) return failure(std::move(application));
        made.emplace(std::move(*application));
        return context.event("application.create", {{"id", made->id.value()}, {"displayName", *name}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return entity_response(context, 201, "applications", to_json(*made));
}

Task<Result<Response>> list(const Services& services, Context& context) {
    auto query = GraphQuery::parse(context);
    if (!query) co_return failure(std::move(query));
    const auto read = [&](Session& session) -> Result<GraphPage> {
        auto applications = tenant::list_applications(session);
        if (!applications) return failure(std::move(applications));
        std::vector<object> all;
        for (const Application& application : *applications) all.push_back(to_json(application));
        auto page = GraphPage::select(*query, std::move(all));
        if (!page) return failure(std::move(page));
        for (object& item : page->items) {
            auto full = read_with_credentials(session, *Guid::parse(item.at("id").get_string()));
            if (!full) return failure(std::move(full));
            item = std::move(*full);
        }
        return page;
    };
    auto reading = services.database.read(storage::ReadKind::scan, read);
    auto page = co_await std::move(reading);
    if (!page) co_return failure(std::move(page));
    co_return page_response(context, "applications", std::move(*page));
}

Task<Result<Response>> read_one(const Services& services, Context& context) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    const auto read = [&](Session& session) { return read_with_credentials(session, *id); };
    auto reading = services.database.read(storage::ReadKind::point, read);
    auto application = co_await std::move(reading);
    if (!application) co_return failure(std::move(application));
    co_return entity_response(context, 200, "applications", std::move(*application));
}

Task<Result<Response>> rename(const Services& services, Context& context) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    if (find_member(*body, "displayName") == nullptr) co_return gateway::empty_response(204); // nothing that berth keeps
    auto name = parse_display_name(*body);
    if (!name) co_return failure(std::move(name));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto renamed = tenant::rename_application(session, *id, *name);
        if (!renamed) return failure(std::move(renamed));
        return context.event("application.update", {{"id", id->value()}, {"displayName", *name}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::empty_response(204);
}

Task<Result<Response>> remove(const Services& services, Context& context) {
    auto id = object_id(context);
    if (!id) co_return failure(std::move(id));
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto deleted = tenant::delete_application(session, *id);
        if (!deleted) return failure(std::move(deleted));
        return context.event("application.delete", {{"id", id->value()}});
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    co_return gateway::empty_response(204);
}

} // namespace

std::vector<gateway::Route> application_routes(const Services& services) {
    using enum http::Method;
    return graph_routes(services, {{.id = "graph.application.create",
                                    .method = post,
                                    .pattern = "/v1.0/applications",
                                    .permissions = {&permissions::applications_create},
                                    .body_limit = largest_graph_body,
                                    .handler = create,
                                    .summary = "Registers an application"},
                                   {.id = "graph.application.list",
                                    .pattern = "/v1.0/applications",
                                    .permissions = {&permissions::applications_read},
                                    .handler = list,
                                    .summary = "Lists applications"},
                                   {.id = "graph.application.get",
                                    .pattern = "/v1.0/applications/{id}",
                                    .permissions = {&permissions::applications_read},
                                    .handler = read_one,
                                    .summary = "Reads an application"},
                                   {.id = "graph.application.update",
                                    .method = patch,
                                    .pattern = "/v1.0/applications/{id}",
                                    .permissions = {&permissions::applications_update},
                                    .body_limit = largest_graph_body,
                                    .handler = rename,
                                    .summary = "Renames an application and its service principal"},
                                   {.id = "graph.application.delete",
                                    .method = delete_,
                                    .pattern = "/v1.0/applications/{id}",
                                    .permissions = {&permissions::applications_delete},
                                    .handler = remove,
                                    .summary = "Deletes an application with its service principal and secrets"}});
}

} // namespace berth::directory
