#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"
#include "tenant/directory_store.hpp"
#include "tenant/resource_store.hpp"

#include <optional>
#include <string>

namespace berth::tenant {

/// What the first start makes when nobody says otherwise.
struct BootstrapOptions {
    std::string tenant_name = "berth";
    std::string subscription_name = "berth";
    std::string resource_group = "berth";
    std::string registry_name = "berth0"; ///< 5 to 50 letters and digits
    std::string location = "westeurope";
    std::string registry_sku = "Premium";
    std::string owner_name = "berth-owner"; ///< display name of the Owner's application
};

/// The identity that the first start made: Owner of the subscription and Global Administrator of the directory.
struct BootstrapOwner {
    Application application;
    Principal principal;
};

/// What there is after the start. The registry is missing if somebody deleted the last one, the resource group if none is
/// left, the owner if somebody deleted it.
struct Bootstrap {
    bool created = false; ///< whether this start made it: then the given secret is the owner's
    Guid tenant;
    Guid subscription;
    std::optional<Resource> resource_group; ///< the registry's; without a registry the oldest
    std::optional<Resource> registry;
    std::optional<BootstrapOwner> owner;
};

/// What the first start made and what is left of it; nullopt on an empty database.
Result<std::optional<Bootstrap>> read_bootstrap(storage::Session& session);

/// On an empty database makes a tenant, a subscription, a resource group, a registry and an Owner service principal
/// with the secret of `info` and `hash`, in one transaction; otherwise reads back what the first start made (the oldest
/// registry that is left). `invalid_parameter` for names that Azure would refuse.
Task<Result<Bootstrap>> bootstrap(storage::Database& database, BootstrapOptions options, CredentialInfo info, std::string hash,
                                  Timestamp now);

} // namespace berth::tenant
