#pragma once

#include "base/names.hpp"
#include "base/percent.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "gateway/route.hpp"
#include "http/message.hpp"
#include "identity/caller.hpp"
#include "rbac/scope.hpp"
#include "storage/events.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/world.hpp"

#include <boost/json/value.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::gateway {

struct Services;

/// One request on its way through a handler: what was asked, by whom, and the only way to ask what else they may do.
/// Lives as long as the handler runs.
class Context {
public:
    http::Request& request() noexcept { return request_; }
    const http::Request& request() const noexcept { return request_; }
    const Route& route() const noexcept { return *route_; }
    const tenant::World& world() const noexcept { return *world_; }
    const identity::Caller& caller() const noexcept { return caller_; }
    /// For open routes that read credentials themselves: whose they were, once they held. It gives no rights; it is for
    /// the log, and for the registry's budget.
    void prove(const identity::Caller& caller) { caller_ = caller; }
    Timestamp now() const noexcept { return now_; }
    /// In every answer's headers and in the log.
    const std::string& correlation_id() const noexcept { return correlation_id_; }

    /// The registry of this request's host; there is one on routes of protocols `registry` and `registry_token`.
    const tenant::Registry& registry() const noexcept { return *registry_; }
    bool has_registry() const noexcept { return registry_ != nullptr; }
    /// The scope that the entry was decided at.
    const rbac::Scope& scope() const noexcept { return scope_; }

    /// A parameter of the pattern, decoded; empty if the pattern has none of that name.
    std::string_view parameter(std::string_view name) const noexcept;
    /// The parameter `name` as a repository name (checked before the handler ran).
    const RepositoryName& repository() const noexcept { return *repository_; }
    /// The query, decoded.
    const Parameters& query() const noexcept { return query_; }
    /// The address the client used, without a path: `https://myregistry.localhost:5443`.
    const std::string& base_address() const noexcept { return base_address_; }

    /// Reads the body, at most the route's `body_limit`, and then decides the entry again.
    Task<Result<std::string>> body();
    /// Reads the body as strict JSON; an empty body is null.
    Task<Result<boost::json::value>> json_body();

    /// Decides the entry once more, by what is true now, and goes on with the world as it is now; also whether the secret
    /// that the caller came with is still one. Whoever sends a body
    /// slowly decides how much time goes by after the entry's first decision; handlers that read the body themselves call
    /// this before they change anything. What `world` and `registry` gave before stays valid.
    Task<Result<void>> decide_again();

    /// Fails unless the caller has the permission here: on a registry for a repository (or for the registry, with an empty
    /// name), or in the directory. Only permissions that the route declares; another one is an `internal` failure.
    Result<void> require(const Permission& permission, std::string_view repository = {}) const;
    /// The same at an ARM scope (one that is no registry route's own). `attributes` are what conditions may look at: the
    /// role assignment that is asked for or there; the principal and the time are added. At the entry's own scope it is
    /// the whole decision that a route with `EntryKind::deferred` owes.
    Result<void> require_at(const Permission& permission, const rbac::Scope& scope,
                            const rbac::Attributes& attributes = {}) const;
    /// The same by another world than the request's: by that of the transaction which makes the change (`world_in`). It is
    /// beside the entry, never the decision that a deferred one owes.
    Result<void> require_at(const tenant::World& world, const Permission& permission, const rbac::Scope& scope,
                            const rbac::Attributes& attributes = {}) const;
    /// The world as a transaction sees it, the request's own if nothing was committed since. A change of rights is decided
    /// by it once more: so none is made with a right whose end was acknowledged before. `invalid_credentials` if the caller
    /// was deleted or disabled, or their secret removed. Use it inside the closure only.
    Result<std::shared_ptr<const tenant::World>> world_in(storage::Session& session) const;
    /// That, and what the route's entry asks for decided by it: its permissions at the entry's own scope, and locks.
    Result<std::shared_ptr<const tenant::World>> decide_in(storage::Session& session,
                                                           const rbac::Attributes& attributes = {}) const;
    /// `require` on another registry than the host's, which its own permission mode decides (the source of an import).
    Result<void> require_in(const Permission& permission, const tenant::Registry& registry,
                            std::string_view repository = {}) const;
    /// The same as an answer, for lists.
    bool may(const Permission& permission, std::string_view repository = {}) const;
    bool may_at(const Permission& permission, const rbac::Scope& scope) const;
    /// Whether the caller's rights allow it on a repository, whatever repositories the token was asked for: for items of a
    /// list that the token was asked for.
    bool may_list(const Permission& permission, std::string_view repository) const;

    /// The actor as events record it: object id, `admin:<registry>` or `anonymous`.
    std::string actor() const;
    /// An event of this request, ready for `append_event` in the transaction that makes the change.
    storage::Event event(std::string kind, boost::json::object detail) const;

    Context(http::Request& request, const Route& route, const Services& services, std::shared_ptr<const tenant::World> world,
            std::string correlation_id);

private:
    friend class Gateway;
    /// Parses the parameter `name` of registry routes that have one.
    Result<void> take_repository_name();
    /// What the entry asks for; then whether a lock forbids it all the same.
    Result<void> decide_entry() const;
    Result<void> decide_permissions() const;
    /// Goes on with `world` and decides the entry by it.
    Result<void> decide_by(std::shared_ptr<const tenant::World> world);
    /// `invalid_credentials` if the caller is not there any more, or disabled.
    Result<void> check_caller(const tenant::World& world) const;
    /// Whether the whole decision of a deferred entry was made; `internal` if not.
    Result<void> check_decided() const;

    http::Request& request_;
    const Route* route_;
    const Services& services_;
    std::shared_ptr<const tenant::World> world_;
    std::vector<std::shared_ptr<const tenant::World>> earlier_worlds_; // handlers may still refer to what is in them
    Timestamp now_;
    std::string correlation_id_;
    const tenant::Registry* registry_ = nullptr;
    identity::Caller caller_;
    rbac::Scope scope_ = rbac::Scope::root();
    mutable std::vector<const Permission*> decided_; // permissions of a deferred entry, with all that conditions look at
    std::optional<RepositoryName> repository_;
    std::vector<std::pair<std::string_view, std::string>> parameters_;
    Parameters query_;
    std::string base_address_;
};

} // namespace berth::gateway
