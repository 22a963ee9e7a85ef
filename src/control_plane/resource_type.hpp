#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "control_plane/property.hpp"
#include "gateway/context.hpp"
#include "gateway/permission.hpp"
#include "gateway/services.hpp"
#include "http/message.hpp"
#include "tenant/resource_store.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::control_plane {

/// Something a resource can be asked beside being read, written and deleted: `POST …/{name}/listCredentials`.
struct Action {
    std::string_view name{};
    http::Method method = http::Method::post;
    std::string_view operation{}; ///< in full; `registries/listUsages/read` does not follow the rule for actions
    std::vector<const gateway::Permission*> further{};
    /// The resource exists, the permission is checked, the body is still to be read.
    std::function<Task<Result<http::Response>>(const gateway::Services&, gateway::Context&, const tenant::Resource&)> run{};
    std::string_view summary{};
    std::string_view refusal_note{}; ///< of the route
};

/// Which managed identities the resources of a type may have.
enum class IdentityKinds : std::uint8_t {
    none,
    user,   ///< `UserAssigned`
    system, ///< `SystemAssigned`: made with it, gone with it
    both,
};

/// Work on a resource that goes on after its PUT or PATCH was answered (`preparer.hpp`). Without `run` there is none.
struct Preparation {
    std::string_view kind{}; ///< of its operations and of the event at its end: `registry.prepare`
    /// In the transaction of the write, where `next` is what is written; `before` is nullptr for a new resource.
    std::function<bool(const tenant::Resource& next, const tenant::Resource* before)> is_needed{};
    /// Does it, on a worker; may block. Its error is what clients are told. After a restart it may run once more.
    std::function<Result<void>(const gateway::Services&, const tenant::Resource&)> run{};
};

/// A type of ARM resource. All that ARM does alike for every type (routes, permissions, create, read, list, change, delete,
/// paging, tags, systemData, errors) is made from this description by `resource_routes`; adding a type is adding one of these.
struct ResourceType {
    std::string_view name{};       ///< in Azure's spelling: `Microsoft.ContainerRegistry/registries`
    std::string_view operations{}; ///< what its operations begin with; the name itself but for resource groups
    std::string_view noun{};       ///< for messages: `registry`
    std::string_view event{};      ///< what its events are called: `registry` gives `registry.write`, `registry.delete`
    bool is_group = false;         ///< the resource group itself: its path has no `providers`, and HEAD only says if it exists
    bool has_system_data = true;
    bool has_location = true;               ///< false for what has neither location nor tags of its own
    bool delete_absent_is_an_error = false; ///< 404 instead of 204
    bool has_delete = true;                 ///< false: ARM has no such operation
    unsigned deleted_status = 200;          ///< of a DELETE that deleted something
    /// Why none of this type can be made here, and what to do instead: a sentence. The type is there for those who list it,
    /// and every list of it is empty. Empty: the type is offered.
    std::string_view not_offered{};
    IdentityKinds identities = IdentityKinds::none;

    bool (*is_valid_name)(std::string_view) = nullptr;
    std::string_view name_rule{}; ///< the sentence for a name that is not valid
    /// The error for a name that another resource of the type has elsewhere; empty: names are unique in their group only.
    std::function<Error(const gateway::Services&, std::string_view name)> name_taken{};

    std::vector<std::string_view> skus{}; ///< empty: the type has none
    std::vector<Property> properties{};
    std::vector<Action> actions{};

    /// Looks at the whole before it is written, in the transaction; `before` is nullptr for a new one, `sent` are the
    /// properties as the client wrote them. May change it.
    std::function<Result<void>(storage::Session&, tenant::Resource& next, const tenant::Resource* before,
                               const boost::json::value& sent)>
        before_write{};
    /// After it was written or deleted: lets go of what was remembered of it and may not count any more.
    std::function<void(const gateway::Services&)> after_write{};
    /// Before it is deleted, in the transaction: refuses what must stay.
    std::function<Result<void>(storage::Session&, const tenant::Resource&)> before_delete{};
    /// Fills in what is computed when the resource is shown.
    std::function<void(const gateway::Services&, const tenant::Resource&, boost::json::object& properties)> show{};

    Preparation preparation{};

    std::vector<std::string_view> api_versions{}; ///< what the provider's document names, newest first
};

/// `Microsoft.ContainerRegistry` of `Microsoft.ContainerRegistry/registries`.
std::string_view provider_of(const ResourceType& type) noexcept;
/// `registries` of the same.
std::string_view type_in_provider(const ResourceType& type) noexcept;

/// The resource as ARM shows it: id, name, type, location, tags, sku, systemData, properties.
boost::json::object to_json(const gateway::Services& services, const tenant::World& world, const ResourceType& type,
                            const tenant::Resource& resource);
/// The same as generic lists show it: without properties and systemData.
boost::json::object to_summary(const ResourceType& type, const tenant::Resource& resource);

} // namespace berth::control_plane
