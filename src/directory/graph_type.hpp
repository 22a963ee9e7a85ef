#pragma once

#include "base/guid.hpp"
#include "base/secret.hpp"
#include "directory/graph_permissions.hpp"
#include "directory/graph_property.hpp"
#include "gateway/context.hpp"
#include "tenant/principal.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The kinds of objects in the directory as descriptors: creating, listing, reading, changing and deleting them is one
/// implementation (`graph_entities.cpp`).
namespace berth::directory {

/// Members of a body that berth understands beyond keeping and showing them.
enum class Meaning : std::uint8_t {
    display_name,
    account_enabled,
    user_principal_name,
    password_profile,
    security_attributes, ///< by PATCH only
    key_credentials,
    app_id, ///< of which application a service principal is: on creation only
};

/// What a body asks for.
struct Draft {
    std::optional<std::string> display_name;
    std::optional<bool> enabled;
    std::optional<std::string> user_principal_name;
    std::optional<Secret> password;
    std::string password_hash; ///< of `password`, once it is computed
    const boost::json::value* security_attributes = nullptr;
    const boost::json::value* key_credentials = nullptr;
    std::optional<Guid> app_id;
    std::vector<const gateway::Permission*> further; ///< what it needs beside the entry's: decided again in the transaction
    std::vector<Guid> members;                       ///< `members@odata.bind`
    std::vector<Guid> owners;                        ///< `owners@odata.bind`
    boost::json::object properties;                  ///< the rest, of the type's own
};

/// One kind of object.
struct GraphType {
    std::string_view collection;               ///< `applications`: its routes, and `@odata.context`
    std::string_view name;                     ///< `application`: its events and route ids
    std::string_view noun;                     ///< `an application`: for summaries
    std::string_view in_list;                  ///< `applications`: for summaries
    std::optional<tenant::PrincipalKind> kind; ///< none: an application
    std::span<const Property> properties;
    std::span<const Meaning> meanings;
    std::span<const std::string_view> read_only; ///< shown, and refused in a body
    bool has_credentials = false;                ///< shows `passwordCredentials` and `keyCredentials`
    bool has_members = false;
    bool has_owners = false;
    const gateway::Permission* create = nullptr;
    const gateway::Permission* read = nullptr;
    const gateway::Permission* update = nullptr;
    const gateway::Permission* remove = nullptr;
    const gateway::Permission* enable = nullptr;
    const gateway::Permission* disable = nullptr;
    const gateway::Permission* set_password = nullptr;
    const gateway::Permission* set_keys = nullptr;
    const gateway::Permission* read_attributes = nullptr;
    const gateway::Permission* update_attributes = nullptr;
    const gateway::Permission* update_members = nullptr;
    std::string_view brings_members{}; ///< the property that takes the right to change members; empty: none
    const gateway::Permission* update_owners = nullptr;
    /// Inserts the row of a new one; members and properties of the draft are written by the caller.
    Result<Guid> (*insert)(storage::Session& session, const gateway::Context& context, const Draft& draft) = nullptr;
    /// What must hold among all objects of the kind after a change of properties, and rows that go with them; or nullptr.
    Result<void> (*check)(storage::Session& session, const Guid& id, const boost::json::object& patch) = nullptr;

    bool means(Meaning meaning) const noexcept;
};

extern const GraphType application_type;
extern const GraphType service_principal_type;
extern const GraphType group_type;
extern const GraphType user_type;
/// All four.
std::span<const GraphType* const> graph_types() noexcept;
const GraphType& type_of(tenant::PrincipalKind kind) noexcept;

/// Reads a body for creating an object (what must be there is) or for changing one; in the latter case what needs a further
/// permission of the route is asked for. `invalid_parameter` as Graph words it.
Result<Draft> parse_draft(const gateway::Context& context, const GraphType& type, const boost::json::object& body,
                          bool creates);

/// The object id at the end of a reference: `https://graph.microsoft.com/v1.0/directoryObjects/{id}`, whatever the host.
std::optional<Guid> referenced_id(std::string_view reference);

} // namespace berth::directory
