#pragma once

#include "base/result.hpp"
#include "base/shared_slot.hpp"
#include "base/task.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"
#include "tenant/shared_refresh.hpp"
#include "tenant/world.hpp"

#include <map>
#include <memory>
#include <string>

namespace berth::tenant {

/// How login servers are named; set once the ports are known.
struct LoginServerNaming {
    std::string domain = "localhost";                ///< `<registry>.<domain>`
    std::uint16_t port = 443;                        ///< port of the HTTPS listener, written when it is not 443
    std::map<std::string, std::string> external_url; ///< by registry name in lower case: `https://host[:port]`
    /// `<name>.<domain>[:port]`, or host and port of the external URL; lower case.
    std::string login_server(std::string_view registry_name) const;
};

/// Keeps the current `World`. Thread-safe.
class Tenancy {
public:
    Tenancy(storage::Database& database, LoginServerNaming naming);

    /// The world as of the last refresh; never null after the first one.
    std::shared_ptr<const World> world() const noexcept { return world_.load(); }

    /// Brings the world up to what is committed now. A change of principals, groups, roles, assignments, tokens or
    /// registries is acknowledged only after this has returned: from then on every request sees it. Reads what changed,
    /// or everything where that cannot be told. Refreshes asked for at the same time share one; the current world never
    /// goes back. A failure leaves the current world.
    Task<Result<void>> refresh();

    /// The world as the transaction sees it, what it has changed itself included: `known` if nothing changed since. Not for
    /// use after the transaction, which may yet be undone.
    Result<std::shared_ptr<const World>> world_in(storage::Session& session, const std::shared_ptr<const World>& known) const;

    const LoginServerNaming& naming() const noexcept { return naming_; }

private:
    storage::Database& database_;
    LoginServerNaming naming_;
    SharedRefresh line_;
    SharedSlot<World> world_;
};

} // namespace berth::tenant
