#include "directory/graph_json.hpp"
#include "directory/graph_list.hpp"
#include "directory/graph_routes.hpp"
#include "directory/graph_subject.hpp"
#include "directory/graph_type.hpp"
#include "directory/key_credentials.hpp"
#include "directory/security_attributes.hpp"
#include "gateway/decision.hpp"
#include "gateway/response.hpp"
#include "tenant/directory_properties.hpp"
#include "tenant/directory_store.hpp"

#include <fmt/format.h>

namespace berth::directory {
namespace {

using boost::json::object;
using gateway::Context;
using gateway::Services;
using http::Response;
using storage::Session;
using tenant::Principal;
using tenant::PrincipalKind;

constexpr std::chrono::days password_lifetime{36'500}; // until it is changed

// tens of milliseconds: not on the loop
Task<void> hash_password(const Services& services, Draft& draft) {
    if (!draft.password) co_return;
    auto compute = [&] { return identity::hash_password(*draft.password); };
    auto computing = services.workers.run(compute);
    draft.password_hash = co_await std::move(computing);
}

// One password at a time: a new one takes the old one's place.
Result<void> replace_password(Session& session, const Guid& user, const std::string& hash, Timestamp now) {
    auto old = tenant::list_credentials(session, user);
    if (!old) return failure(std::move(old));
    for (const tenant::CredentialInfo& info : *old) {
        if (auto removed = tenant::remove_credential(session, user, info.key_id); !removed) return removed;
    }
    // No hint: a person's password gives nothing of itself away.
    return tenant::add_credential(session, user, {Guid::random(), "", "password", now, now + password_lifetime}, hash);
}

Result<void> write_names(Session& session, const GraphType& type, const Guid& id, const Draft& draft) {
    if (!type.kind) return draft.display_name ? tenant::rename_application(session, id, *draft.display_name) : Result<void>();
    if (draft.display_name || draft.enabled) {
        auto updated = tenant::update_principal(session, id, draft.display_name, draft.enabled);
        if (!updated) return updated;
    }
    return draft.user_principal_name ? tenant::rename_user(session, id, *draft.user_principal_name) : Result<void>();
}

Result<void> write_properties(Session& session, const GraphType& type, const Guid& id, const object& patch) {
    if (patch.empty()) return {};
    auto kept = tenant::read_directory_properties(session, id);
    if (!kept) return failure(std::move(kept));
    auto patched = patched_properties(type.properties, std::move(*kept), patch);
    if (!patched) return failure(std::move(patched));
    if (type.check != nullptr) {
        if (auto checked = type.check(session, id, patch); !checked) return checked;
    }
    return tenant::set_directory_properties(session, id, *patched);
}

Result<void> write_references(Session& session, const Guid& id, const Draft& draft) {
    for (const Guid& member : draft.members) {
        if (auto added = tenant::add_group_member(session, id, member); !added) return added;
    }
    for (const Guid& owner : draft.owners) {
        if (auto added = tenant::add_directory_owner(session, id, owner); !added) return added;
    }
    return {};
}

// All that a draft asks for of an object that is there.
Result<void> write_draft(Session& session, const Context& context, const GraphType& type, const Guid& id, const Draft& draft) {
    if (auto done = write_names(session, type, id, draft); !done) return done;
    if (auto done = write_properties(session, type, id, draft.properties); !done) return done;
    if (auto done = write_references(session, id, draft); !done) return done;
    if (draft.security_attributes != nullptr) {
        auto patched = patch_security_attributes(session, id, *draft.security_attributes);
        if (!patched) return patched;
    }
    if (!draft.password_hash.empty()) {
        auto replaced = replace_password(session, id, draft.password_hash, context.now());
        if (!replaced) return replaced;
    }
    if (draft.key_credentials == nullptr) return {};
    return replace_key_credentials(session, id, *draft.key_credentials);
}

// What the event says was changed. Values that may be personal are left out, beside names.
object detail_of(const Guid& id, const Draft& draft, const object& body) {
    object out{{"id", id.value()}};
    boost::json::array changed;
    for (const auto& [name, given] : body) changed.emplace_back(name);
    out["changed"] = std::move(changed);
    if (draft.display_name) out["displayName"] = *draft.display_name;
    if (draft.enabled) out["accountEnabled"] = *draft.enabled;
    if (draft.user_principal_name) out["userPrincipalName"] = *draft.user_principal_name;
    if (draft.app_id) out["appId"] = draft.app_id->value();
    if (draft.password) out["passwordChanged"] = true;
    if (draft.security_attributes != nullptr) out["customSecurityAttributes"] = *draft.security_attributes;
    // It gives rights.
    if (const auto* linked = body.if_contains("berthOutsideGroups")) out["berthOutsideGroups"] = *linked;
    return out;
}

// As in Entra, what a person makes belongs to them.
Result<void> make_caller_owner(Session& session, const Context& context, const GraphType& type, const Guid& id,
                               const Draft& draft) {
    const Principal* caller =
        context.caller().principal ? context.world().find_principal(*context.caller().principal) : nullptr;
    if (!type.has_owners || !draft.owners.empty() || caller == nullptr || caller->kind != PrincipalKind::user) return {};
    return tenant::add_directory_owner(session, id, caller->id);
}

Task<Result<Response>> respond_with(const Services& services, Context& context, const GraphType& type, Guid id,
                                    unsigned status) {
    // Of the world as it is now: a change may have been made by this request.
    const auto world = services.tenancy.world();
    const auto read = [&](Session& session) { return find_entity(session, *world, id); };
    auto reading = services.database.read(storage::ReadKind::point, read);
    auto entity = co_await std::move(reading);
    if (!entity) co_return failure(std::move(entity));
    if (!*entity) co_return no_such_resource(id.value());
    if (!type.kind) (*entity)->erase("@odata.type");
    if (type.read_attributes != nullptr && status == 200 &&
        selects_security_attributes(context.query().find("$select").value_or(""))) {
        auto allowed = context.require(*type.read_attributes);
        if (!allowed) co_return failure(std::move(allowed));
        const Principal* principal = world->find_principal(id);
        if (principal != nullptr) {
            (**entity)["customSecurityAttributes"] = security_attributes_json(principal->security_attributes);
        }
    }
    co_return entity_response(context, status, type.collection, std::move(**entity));
}

Task<Result<Response>> create(const Services& services, Context& context, const GraphType& type) {
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    auto draft = parse_draft(context, type, body->get_object(), true);
    if (!draft) co_return failure(std::move(draft));
    auto hashing = hash_password(services, *draft);
    co_await std::move(hashing);
    std::optional<Guid> made;
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto id = type.insert(session, context, *draft);
        if (!id) return failure(std::move(id));
        if (auto done = write_draft(session, context, type, *id, *draft); !done) return failure(std::move(done));
        if (auto done = make_caller_owner(session, context, type, *id, *draft); !done) return failure(std::move(done));
        made = *id;
        return context.event(fmt::format("{}.create", type.name), detail_of(*id, *draft, body->get_object()));
    };
    auto changing = change_directory(services, context, change);
    auto changed = co_await std::move(changing);
    if (!changed) co_return failure(std::move(changed));
    auto responding = respond_with(services, context, type, *made, 201);
    co_return co_await std::move(responding);
}

Task<Result<Response>> list(const Services& services, Context& context, const GraphType& type) {
    auto query = GraphQuery::parse(context);
    if (!query) co_return failure(std::move(query));
    const auto read = [&](Session& session) -> Result<GraphPage> {
        auto all = list_entities(session, context.world(), type);
        if (!all) return failure(std::move(all));
        auto page = GraphPage::select(*query, std::move(*all));
        if (!page) return page;
        for (object& item : page->items) {
            if (auto completed = complete(session, type, item); !completed) return failure(std::move(completed));
        }
        return page;
    };
    auto reading = services.database.read(storage::ReadKind::scan, read);
    auto page = co_await std::move(reading);
    if (!page) co_return failure(std::move(page));
    co_return page_response(context, type.collection, std::move(*page));
}

Task<Result<Response>> count(const Services& services, Context& context, const GraphType& type) {
    auto query = GraphQuery::parse(context);
    if (!query) co_return failure(std::move(query));
    query->count = true;
    const auto read = [&](Session& session) -> Result<GraphPage> {
        auto all = list_entities(session, context.world(), type);
        if (!all) return failure(std::move(all));
        return GraphPage::select(*query, std::move(*all));
    };
    auto reading = services.database.read(storage::ReadKind::scan, read);
    auto page = co_await std::move(reading);
    if (!page) co_return failure(std::move(page));
    co_return count_response(*page->count);
}

Task<Result<Response>> read_one(const Services& services, Context& context, const GraphType& type) {
    const auto find = [&](Session& session) { return resolve_in(session, context, type); };
    auto finding = services.database.read(storage::ReadKind::point, find);
    auto id = co_await std::move(finding);
    if (!id) co_return failure(std::move(id));
    auto responding = respond_with(services, context, type, *id, 200);
    co_return co_await std::move(responding);
}

// What the draft needs beside the entry's permissions, by the rows as they are now.
Result<void> decide_further(Session& session, const Context& context, const Draft& draft) {
    if (draft.further.empty()) return {};
    auto world = context.world_in(session);
    if (!world) return failure(std::move(world));
    for (const gateway::Permission* permission : draft.further) {
        auto may = gateway::decide(**world, context.now(), context.caller(), *permission, gateway::Target::in_directory());
        if (!may) return may;
    }
    return {};
}

Task<Result<Response>> update(const Services& services, Context& context, const GraphType& type) {
    auto body = co_await object_body(context);
    if (!body) co_return failure(std::move(body));
    auto draft = parse_draft(context, type, body->get_object(), false);
    if (!draft) co_return failure(std::move(draft));
    auto hashing = hash_password(services, *draft);
    co_await std::move(hashing);
    auto change = [&](Session& session) -> Result<storage::Event> {
        if (auto still = decide_further(session, context, *draft); !still) return failure(std::move(still));
        auto id = resolve_in(session, context, type);
        if (!id) return failure(std::move(id));
        if (auto done = write_draft(session, context, type, *id, *draft); !done) return failure(std::move(done));
        return context.event(fmt::format("{}.update", type.name), detail_of(*id, *draft, body->get_object()));
    };
    auto changing = change_without_content(services, context, change);
    co_return co_await std::move(changing);
}

Task<Result<Response>> remove(const Services& services, Context& context, const GraphType& type) {
    auto change = [&](Session& session) -> Result<storage::Event> {
        auto id = resolve_in(session, context, type);
        if (!id) return failure(std::move(id));
        auto deleted = type.kind ? tenant::delete_principal(session, *id) : tenant::delete_application(session, *id);
        if (!deleted) return failure(std::move(deleted));
        return context.event(fmt::format("{}.delete", type.name), {{"id", id->value()}});
    };
    auto changing = change_without_content(services, context, change);
    co_return co_await std::move(changing);
}

Task<Result<Response>> read_me(const Services& services, Context& context) {
    auto id = signed_in_user(context);
    if (!id) co_return failure(std::move(id));
    auto responding = respond_with(services, context, user_type, *id, 200);
    co_return co_await std::move(responding);
}

using TypeHandler = Task<Result<Response>> (*)(const Services&, Context&, const GraphType&);

GraphHandler bound(TypeHandler handler, const GraphType* type) {
    return [handler, type](const Services& services, Context& context) { return handler(services, context, *type); };
}

std::vector<const gateway::Permission*> some(std::initializer_list<const gateway::Permission*> permissions) {
    std::vector<const gateway::Permission*> out;
    for (const auto* permission : permissions) {
        if (permission != nullptr) out.push_back(permission);
    }
    return out;
}

void add_rows(std::vector<GraphRoute>& out, const GraphType* type) {
    using enum http::Method;
    const std::string all = fmt::format("/{}", type->collection);
    const std::string one = all + "/{id}";
    const auto id = [&](std::string_view verb) { return fmt::format("{}.{}", type->name, verb); };
    out.push_back({.id = id("create"),
                   .method = post,
                   .pattern = all,
                   .permissions = {type->create},
                   .has_body = true,
                   .handler = bound(create, type),
                   .summary = fmt::format("Makes {}", type->noun)});
    out.push_back({.id = id("list"),
                   .pattern = all,
                   .permissions = {type->read},
                   .handler = bound(list, type),
                   .summary = fmt::format("Lists {}", type->in_list)});
    out.push_back({.id = id("count"),
                   .pattern = all + "/$count",
                   .permissions = {type->read},
                   .handler = bound(count, type),
                   .summary = fmt::format("Counts {}", type->in_list)});
    out.push_back({.id = id("get"),
                   .pattern = one,
                   .permissions = {type->read},
                   .further = some({type->read_attributes}),
                   .handler = bound(read_one, type),
                   .summary = fmt::format("Reads {}", type->noun)});
    out.push_back({.id = id("update"),
                   .method = patch,
                   .pattern = one,
                   .permissions = {type->update},
                   .further = some({type->enable, type->disable, type->set_password, type->update_attributes, type->set_keys,
                                    type->update_members, type->update_owners}),
                   .has_body = true,
                   .handler = bound(update, type),
                   .summary = fmt::format("Changes {}", type->noun)});
    out.push_back({.id = id("delete"),
                   .method = delete_,
                   .pattern = one,
                   .permissions = {type->remove},
                   .handler = bound(remove, type),
                   .summary = fmt::format("Deletes {}; what access hung on it ends at once", type->noun)});
}

} // namespace

std::vector<gateway::Route> entity_routes(const Services& services) {
    std::vector<GraphRoute> rows;
    for (const GraphType* type : graph_types()) add_rows(rows, type);
    rows.push_back({.id = "me.get",
                    .pattern = "/me",
                    .permissions = {user_type.read},
                    .further = some({user_type.read_attributes}),
                    .handler = read_me,
                    .summary = "Reads the user who is signed in"});
    return graph_routes(services, std::move(rows));
}

} // namespace berth::directory
