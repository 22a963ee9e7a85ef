#include "control_plane/locks.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/extended_scope.hpp"
#include "control_plane/known_members.hpp"
#include "control_plane/paging.hpp"
#include "control_plane/scoped_routes.hpp"
#include "gateway/context.hpp"
#include "gateway/filter.hpp"
#include "gateway/response.hpp"
#include "storage/events.hpp"
#include "tenant/lock_store.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::control_plane {
namespace {

using boost::json::object;
using boost::json::value;
using gateway::Context;
using http::Response;
using storage::Session;
using tenant::ResourceLock;

constexpr std::uint64_t largest_lock = std::uint64_t{16} << 10;
constexpr std::size_t longest_name = 260;
constexpr std::size_t longest_notes = 512;
constexpr std::size_t most_owners = 20;

std::unexpected<Error> invalid(std::string message) { return failure(ErrorCode::invalid_parameter, std::move(message)); }

Result<void> check_name(std::string_view name) {
    const bool sound = !name.empty() && name.size() <= longest_name && std::ranges::none_of(name, [](char c) {
        return std::string_view("<>%&:\\?/").contains(c) || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (sound) return {};
    return failure(ErrorCode::name_invalid, fmt::format("The name of a lock has from 1 to {} characters, none of them a "
                                                        "control character or one of <>%&:\\?/",
                                                        longest_name));
}

// Locks lie on subscriptions and what is in them.
Result<void> check_scope(const rbac::Scope& scope) {
    using rbac::ScopeKind;
    if (scope.kind() == ScopeKind::subscription || scope.kind() == ScopeKind::resource_group ||
        scope.kind() == ScopeKind::resource) {
        return {};
    }
    return arm_failure(
        ErrorCode::invalid_parameter, "InvalidLockScope",
        fmt::format("There are no locks at '{}': lock a subscription, a resource group or a resource.", scope.value()));
}

object to_json(const ResourceLock& lock) {
    object properties{{"level", to_text(lock.level)}};
    if (lock.notes) properties["notes"] = *lock.notes;
    if (!lock.owners.empty()) properties["owners"] = lock.owners;
    return {{"properties", std::move(properties)},
            {"id", fmt::format("{}/providers/Microsoft.Authorization/locks/{}", lock.scope.value(), lock.name)},
            {"type", "Microsoft.Authorization/locks"},
            {"name", lock.name},
            {"systemData", object{{"createdBy", lock.created_by},
                                  {"createdAt", to_rfc3339(lock.created_at)},
                                  {"lastModifiedBy", lock.updated_by},
                                  {"lastModifiedAt", to_rfc3339(lock.updated_at)}}}};
}

const ResourceLock* find_here(const Context& context) {
    for (const ResourceLock& lock : context.world().locks()) {
        if (lock.scope == context.scope() && equals_ignoring_case(lock.name, context.parameter("lock"))) return &lock;
    }
    return nullptr;
}

storage::Event event_of(const Context& context, std::string kind, const ResourceLock& lock) {
    return context.event(
        std::move(kind),
        {{"id", lock.id.value()}, {"name", lock.name}, {"scope", lock.scope.value()}, {"level", to_text(lock.level)}});
}

Task<Result<Response>> put(const Plane& plane, Context& context) {
    if (auto sound = check_scope(context.scope()); !sound) co_return failure(std::move(sound));
    if (auto sound = check_name(context.parameter("lock")); !sound) co_return failure(std::move(sound));
    auto json = co_await context.json_body();
    if (!json) co_return failure(std::move(json));
    auto body = parse_lock_body(*json);
    if (!body) co_return failure(std::move(body));
    const Guid id = Guid::random();
    const auto write = [&](Session& session) -> Result<ResourceLock> {
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
        auto scope = find_extended_scope(session, **still, context.scope());
        if (!scope) return failure(std::move(scope));
        auto written = tenant::put_lock(session, context.world().tenant_id,
                                        {.id = id,
                                         .name = std::string(context.parameter("lock")),
                                         .scope = std::move(*scope),
                                         .level = body->level,
                                         .notes = body->notes,
                                         .owners = body->owners,
                                         .created_at = context.now(),
                                         .created_by = context.actor(),
                                         .updated_at = context.now(),
                                         .updated_by = context.actor()});
        if (!written) return written;
        auto left = storage::append_event(session, context.now(), event_of(context, "lock.write", *written));
        if (!left) return failure(std::move(left));
        return written;
    };
    auto writing = plane.services.database.write(write);
    auto written = co_await std::move(writing);
    if (!written) co_return failure(std::move(written));
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    co_return gateway::json_response(written->id == id ? 201 : 200, to_json(*written));
}

Task<Result<Response>> get(const Plane&, Context& context) {
    const ResourceLock* lock = find_here(context);
    if (lock == nullptr) {
        co_return arm_failure(
            ErrorCode::not_found, "LockNotFound",
            fmt::format("The lock '{}' could not be found at '{}'.", context.parameter("lock"), context.scope().value()));
    }
    co_return gateway::json_response(200, to_json(*lock));
}

Task<Result<Response>> remove(const Plane& plane, Context& context) {
    const std::string name(context.parameter("lock"));
    const auto write = [&](Session& session) -> Result<bool> {
        auto still = context.decide_in(session);
        if (!still) return failure(std::move(still));
        auto deleted = tenant::delete_lock(session, context.scope(), name);
        if (!deleted) return failure(std::move(deleted));
        if (!*deleted) return false;
        auto left = storage::append_event(session, context.now(), event_of(context, "lock.delete", **deleted));
        if (!left) return failure(std::move(left));
        return true;
    };
    auto writing = plane.services.database.write(write);
    auto deleted = co_await std::move(writing);
    if (!deleted) co_return failure(std::move(deleted));
    if (!*deleted) co_return gateway::empty_response(204);
    auto refreshed = co_await plane.services.tenancy.refresh();
    if (!refreshed) co_return failure(std::move(refreshed));
    co_return gateway::empty_response(200);
}

// `atScope()` leaves out what lies below.
Result<bool> parse_at_scope(const Context& context) {
    auto terms = gateway::parse_filter(context.query().find("$filter").value_or(""));
    if (!terms) return failure(std::move(terms));
    for (const auto& term : *terms) {
        if (term.is_call("atScope", 0)) continue;
        return invalid(fmt::format("The $filter condition {} is not supported for locks: use atScope().", term.to_string()));
    }
    return !terms->empty();
}

Task<Result<Response>> list(const Plane&, Context& context) {
    auto at_scope = parse_at_scope(context);
    if (!at_scope) co_return failure(std::move(at_scope));
    auto page = parse_list_page(context.query());
    if (!page) co_return failure(std::move(page));
    const gateway::Permission& read = *context.route().entry.permissions.front();
    std::vector<const ResourceLock*> found;
    for (const ResourceLock& lock : context.world().locks()) {
        const bool near = lock.scope.covers(context.scope()) || (!*at_scope && context.scope().covers(lock.scope));
        if (near && context.may_at(read, lock.scope)) found.push_back(&lock);
    }
    const auto key = [](const ResourceLock* lock) { return lock->scope.key() + "\n" + to_lower(lock->name); };
    co_return page_of(context, *page, std::move(found), key, [](const ResourceLock* lock) { return to_json(*lock); });
}

Result<boost::json::array> parse_owners(const value& owners) {
    boost::json::array out;
    const auto* array = owners.if_array();
    if (array == nullptr || array->size() > most_owners) {
        return invalid(fmt::format("'properties.owners' must be an array of at most {} objects.", most_owners));
    }
    static constexpr std::array<std::string_view, 1> known{"applicationId"};
    for (const value& owner : *array) {
        if (auto checked = check_known_members(owner, known, "properties.owners"); !checked) return failure(std::move(checked));
        const auto text = find_string(owner, "applicationId");
        const auto id = text ? Guid::parse(*text) : std::nullopt;
        if (!id) return invalid("'applicationId' of an owner of a lock must be a GUID.");
        out.push_back(object{{"applicationId", id->value()}});
    }
    return out;
}

} // namespace

Result<LockBody> parse_lock_body(const value& body) {
    const value* properties = body.is_object() ? find_member(body, "properties") : nullptr;
    if (properties == nullptr || !properties->is_object()) {
        return invalid("The request content must be {\"properties\": {\"level\": …}}.");
    }
    static constexpr std::array<std::string_view, 3> known{"level", "notes", "owners"};
    if (auto checked = check_known_members(*properties, known, "properties"); !checked) return failure(std::move(checked));
    const auto level = find_string(*properties, "level");
    const auto parsed = level ? tenant::parse_lock_level(*level) : std::nullopt;
    if (!parsed) {
        return arm_failure(ErrorCode::invalid_parameter, "InvalidLockLevel",
                           "'properties.level' must be 'CanNotDelete' or 'ReadOnly'.");
    }
    LockBody out{.level = *parsed, .notes = std::nullopt, .owners = {}};
    if (const value* notes = find_member(*properties, "notes"); notes != nullptr && !notes->is_null()) {
        if (!notes->is_string() || notes->get_string().size() > longest_notes) {
            return invalid(fmt::format("'properties.notes' must be a string of at most {} characters.", longest_notes));
        }
        out.notes = std::string(notes->get_string());
    }
    if (const value* owners = find_member(*properties, "owners"); owners != nullptr && !owners->is_null()) {
        auto read = parse_owners(*owners);
        if (!read) return failure(std::move(read));
        out.owners = std::move(*read);
    }
    return out;
}

std::vector<gateway::Route> lock_routes(const std::shared_ptr<Plane>& plane) {
    constexpr std::string_view one = "providers/Microsoft.Authorization/locks/{lock}";
    return scoped_routes(plane, {{.id = "lock.put",
                                  .method = http::Method::put,
                                  .path = one,
                                  .operation = "Microsoft.Authorization/locks/write",
                                  .body_limit = largest_lock,
                                  .handler = put,
                                  .summary = "Locks a subscription, a resource group or a resource"},
                                 {.id = "lock.get",
                                  .path = one,
                                  .operation = "Microsoft.Authorization/locks/read",
                                  .handler = get,
                                  .summary = "Reads a lock"},
                                 {.id = "lock.delete",
                                  .method = http::Method::delete_,
                                  .path = one,
                                  .operation = "Microsoft.Authorization/locks/delete",
                                  .handler = remove,
                                  .summary = "Removes a lock"},
                                 {.id = "lock.list",
                                  .path = "providers/Microsoft.Authorization/locks",
                                  .operation = "Microsoft.Authorization/locks/read",
                                  .filters = true,
                                  .handler = list,
                                  .summary = "Lists the locks at, above and below a scope that the caller may read"}});
}

} // namespace berth::control_plane
