#include "control_plane/resource_routes.hpp"

#include "control_plane/resource_handlers.hpp"
#include "control_plane/resource_lists.hpp"

#include <fmt/format.h>

namespace berth::control_plane {
namespace {

using gateway::EntryKind;
using gateway::Protocol;
using gateway::Route;

constexpr std::uint64_t largest_body = std::uint64_t{4} << 20; // ARM's own limit on a request

// The paths of a type: `…/registries/{registries}/scopeMaps/{scopeMaps}`, and those of its lists.
struct Paths {
    std::string one;
    std::string collection; // in the parent: a resource group or a resource
    std::string parent;
    std::string in_subscription; // empty for child types
};

Paths paths_of(const ResourceType& type) {
    constexpr std::string_view subscription = "/subscriptions/{subscription}";
    if (type.is_group) {
        const std::string collection = fmt::format("{}/resourceGroups", subscription);
        return {collection + "/{group}", collection, std::string(subscription), {}};
    }
    Paths paths;
    paths.parent = fmt::format("{}/resourceGroups/{{group}}", subscription);
    paths.collection = fmt::format("{}/providers/{}", paths.parent, provider_of(type));
    paths.in_subscription = fmt::format("{}/providers/{}", subscription, provider_of(type));
    std::string_view rest = type_in_provider(type);
    while (true) {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        const std::string_view part = rest.substr(0, end);
        paths.collection += fmt::format("/{}", part);
        paths.one = fmt::format("{}/{{{}}}", paths.collection, part);
        if (end == rest.size()) break;
        rest.remove_prefix(end + 1);
        paths.parent = paths.collection = paths.one;
        paths.in_subscription.clear();
    }
    if (!paths.in_subscription.empty()) paths.in_subscription += fmt::format("/{}", type_in_provider(type));
    return paths;
}

constexpr std::string_view assign_identity = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";

class Builder {
public:
    Builder(const std::shared_ptr<Plane>& plane, const ResourceType& type)
        : plane_(plane), type_(type), paths_(paths_of(type)) {}

    std::vector<Route> build() {
        one("put", http::Method::put, "write", largest_body, put_resource, "Creates or replaces");
        one("get", http::Method::get, "read", 0, get_resource, "Reads");
        if (type_.not_offered.empty()) one("patch", http::Method::patch, "write", largest_body, patch_resource, "Changes");
        if (type_.has_delete) one("delete", http::Method::delete_, "delete", 0, delete_resource, "Deletes");
        list("list", paths_.collection, paths_.parent);
        if (!paths_.in_subscription.empty()) {
            list("listInSubscription", paths_.in_subscription, "/subscriptions/{subscription}");
        }
        for (const Action& action : type_.actions) add_action(action);
        return std::move(routes_);
    }

private:
    using Function = Task<Result<http::Response>> (*)(const Plane&, const ResourceType&, gateway::Context&);

    gateway::Handler handler(Function function) const {
        return [plane = plane_, &type = type_, function](gateway::Context& context) { return function(*plane, type, context); };
    }
    Route route(std::string_view id, http::Method method, std::string pattern, std::string scope, std::string_view operation) {
        Route out;
        out.id = plane_->keep(fmt::format("arm.{}.{}", type_.event, id));
        out.method = method;
        out.pattern = plane_->keep(std::move(pattern));
        out.protocol = Protocol::resource_manager;
        out.entry = {EntryKind::all, {&plane_->permission(operation)}, {}};
        out.scope = plane_->keep(std::move(scope));
        return out;
    }
    void one(std::string_view id, http::Method method, std::string_view verb, std::uint64_t body_limit, Function function,
             std::string_view says) {
        Route out = route(id, method, paths_.one, paths_.one, fmt::format("{}/{}", type_.operations, verb));
        out.body_limit = body_limit;
        out.handler = handler(function);
        out.summary = plane_->keep(fmt::format("{} a {}", says, type_.noun));
        const bool names_identities = type_.identities == IdentityKinds::user || type_.identities == IdentityKinds::both;
        if (names_identities && verb == "write") out.further = {&plane_->permission(assign_identity)};
        routes_.push_back(std::move(out));
    }
    void list(std::string_view id, std::string pattern, std::string scope) {
        Route out =
            route(id, http::Method::get, std::move(pattern), std::move(scope), fmt::format("{}/read", type_.operations));
        out.entry.kind = EntryKind::filter;
        out.handler = handler(list_resources);
        out.summary = plane_->keep(fmt::format("Lists every {} that the caller may read", type_.noun));
        routes_.push_back(std::move(out));
    }
    void add_action(const Action& action) {
        Route out =
            route(action.name, action.method, fmt::format("{}/{}", paths_.one, action.name), paths_.one, action.operation);
        out.further = action.further;
        out.body_limit = action.method == http::Method::get ? 0 : largest_body;
        out.handler = [plane = plane_, &type = type_, &action](gateway::Context& context) {
            return run_action(*plane, type, action, context);
        };
        out.summary = action.summary;
        out.refusal_note = action.refusal_note;
        routes_.push_back(std::move(out));
    }

    std::shared_ptr<Plane> plane_;
    const ResourceType& type_; // the plane's own
    Paths paths_;
    std::vector<Route> routes_;
};

} // namespace

std::vector<Route> resource_routes(const std::shared_ptr<Plane>& plane) {
    std::vector<Route> out;
    for (const ResourceType& type : plane->types()) {
        for (Route& route : Builder(plane, type).build()) out.push_back(std::move(route));
    }
    return out;
}

} // namespace berth::control_plane
