#include "tenant/recovery.hpp"

#include "storage/events.hpp"
#include "tenant/authorization_store.hpp"
#include "tenant/columns.hpp"
#include "tenant/deny_assignment_store.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

const std::string owner_name = "berth-owner";

Result<Application> ensure_application(Session& session, const Guid& tenant, Timestamp now, Recovery& done) {
    auto ids = collect(session, "select application_id from applications where properties = '{\"bootstrap\":true}'",
                       [](const Rows& rows) { return guid_column(rows, 0, "client id of an application"); });
    if (!ids) return failure(std::move(ids));
    if (!ids->empty()) {
        auto found = find_application(session, ids->front());
        if (!found) return failure(std::move(found));
        return std::move(**found);
    }
    auto made = create_application(session, tenant, owner_name, now);
    if (!made) return made;
    // How a later start finds it again.
    auto marked =
        session.execute("update applications set properties = '{\"bootstrap\":true}' where id = ?1", made->id.value());
    if (!marked) return failure(std::move(marked));
    done.application_made = true;
    return made;
}

Result<Guid> ensure_principal(Session& session, const Guid& tenant, const Application& application, Timestamp now,
                              Recovery& done) {
    struct Row {
        Guid id;
        bool enabled;
    };
    auto found = collect(
        session, "select id, enabled from principals where application_id = ?1",
        [](const Rows& rows) -> Result<Row> {
            auto id = guid_column(rows, 0, "id of a principal");
            if (!id) return failure(std::move(id));
            return Row{std::move(*id), rows.boolean(1)};
        },
        application.application_id.value());
    if (!found) return failure(std::move(found));
    if (found->empty()) {
        auto made = create_service_principal(session, tenant, application.application_id, now);
        if (!made) return failure(std::move(made));
        done.principal_made = true;
        return made->id;
    }
    if (!found->front().enabled) {
        auto enabled = update_principal(session, found->front().id, std::nullopt, true);
        if (!enabled) return failure(std::move(enabled));
        done.enabled = true;
    }
    return found->front().id;
}

// Room for one more: the oldest go first.
Result<void> make_room(Session& session, const Guid& owner, Recovery& done) {
    auto secrets = list_credentials(session, owner);
    if (!secrets) return failure(std::move(secrets));
    done.other_secrets = secrets->size();
    for (const CredentialInfo& secret : *secrets) {
        if (done.other_secrets < max_credentials) break;
        if (auto removed = remove_credential(session, owner, secret.key_id); !removed) return removed;
        --done.other_secrets;
        ++done.secrets_removed;
    }
    return {};
}

Result<void> ensure_administrator(Session& session, const Guid& principal, Recovery& done) {
    auto held = exists(session, "select 1 from directory_roles where principal_id = ?1 and role = ?2", principal.value(),
                       global_administrator_role);
    if (!held) return failure(std::move(held));
    if (*held) return {};
    done.administrator_given = true;
    return add_directory_role(session, principal, std::string(global_administrator_role));
}

Result<void> ensure_owner(Session& session, const Guid& tenant, const Guid& subscription, const Guid& principal, Timestamp now,
                          Recovery& done) {
    const rbac::RoleDefinition* owner = rbac::find_built_in_role(std::string_view("Owner"));
    if (owner == nullptr) return failure(ErrorCode::internal, "The built-in roles lack Owner.");
    auto scope = rbac::Scope::parse(fmt::format("/subscriptions/{}", subscription.value()));
    if (!scope) return failure(std::move(scope));
    auto all = list_role_assignments(session);
    if (!all) return failure(std::move(all));
    const auto held = std::ranges::find_if(*all, [&](const rbac::RoleAssignment& one) {
        return one.principal == principal && one.role_definition == owner->id && one.scope.key() == scope->key();
    });
    if (held != all->end() && held->condition == nullptr) return {};
    rbac::RoleAssignment assignment{.id = held != all->end() ? held->id : Guid::random(),
                                    .scope = std::move(*scope),
                                    .role_definition = owner->id,
                                    .principal = principal,
                                    .principal_type = "ServicePrincipal",
                                    .condition = {},
                                    .description = std::nullopt,
                                    .created_at = now,
                                    .created_by = principal.value(),
                                    .updated_at = now,
                                    .updated_by = principal.value()};
    (held != all->end() ? done.condition_removed : done.role_given) = true;
    return put_role_assignment(session, tenant, assignment);
}

// No role is above a deny assignment, so one that denies everybody else could never be deleted again.
Result<void> exclude_from_denials(Session& session, const Guid& tenant, const Guid& principal, Timestamp now, Recovery& done) {
    auto all = list_deny_assignments(session);
    if (!all) return failure(std::move(all));
    for (rbac::DenyAssignment& denial : *all) {
        const auto is_owner = [&](const rbac::DeniedPrincipal& one) { return one.id == principal; };
        const bool names = std::ranges::any_of(
            denial.principals, [&](const rbac::DeniedPrincipal& one) { return is_owner(one) || one.type == "SystemDefined"; });
        if (!names || denial.system_protected || std::ranges::any_of(denial.excluded_principals, is_owner)) continue;
        denial.excluded_principals.push_back({principal, std::string(to_string(PrincipalKind::service_principal))});
        denial.updated_at = now;
        denial.updated_by = principal.value();
        if (auto put = put_deny_assignment(session, tenant, denial); !put) return put;
        ++done.deny_assignments;
    }
    return {};
}

Result<Recovery> recover(Session& session, const CredentialInfo& info, const std::string& hash, Timestamp now) {
    auto before = read_bootstrap(session);
    if (!before) return failure(std::move(before));
    if (!*before) return failure(ErrorCode::not_found, "No server has served this folder yet: there is no Owner to recover.");
    Recovery done{.bootstrap = std::move(**before)};
    const Guid tenant = done.bootstrap.tenant;
    auto application = ensure_application(session, tenant, now, done);
    if (!application) return failure(std::move(application));
    auto principal = ensure_principal(session, tenant, *application, now, done);
    if (!principal) return failure(std::move(principal));
    if (auto room = make_room(session, application->id, done); !room) return failure(std::move(room));
    if (auto added = add_credential(session, application->id, info, hash); !added) return failure(std::move(added));
    if (auto given = ensure_administrator(session, *principal, done); !given) return failure(std::move(given));
    auto owns = ensure_owner(session, tenant, done.bootstrap.subscription, *principal, now, done);
    if (!owns) return failure(std::move(owns));
    if (auto freed = exclude_from_denials(session, tenant, *principal, now, done); !freed) return failure(std::move(freed));
    auto left = storage::append_event(session, now,
                                      {.kind = "tenant.recover",
                                       .registry = std::nullopt,
                                       .actor = principal->value(),
                                       .detail = {{"owner", principal->value()}}});
    if (!left) return failure(std::move(left));
    auto after = read_bootstrap(session);
    if (!after) return failure(std::move(after));
    done.bootstrap = std::move(**after);
    return done;
}

} // namespace

Task<Result<Recovery>> recover_owner(storage::Database& database, CredentialInfo info, std::string hash, Timestamp now) {
    auto work = [&](Session& session) { return recover(session, info, hash, now); };
    auto write = database.write(work);
    co_return co_await std::move(write);
}

} // namespace berth::tenant
