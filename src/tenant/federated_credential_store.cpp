#include "tenant/federated_credential_store.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "tenant/columns.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <array>
#include <span>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

constexpr std::string_view secret_prefix = "federated/";

#define BERTH_FEDERATED_COLUMNS                                                                                                \
    "federated_credentials.id, owner_id, federated_credentials.name, issuer, subject, audiences, description, "                \
    "federated_credentials.created_at"

Result<FederatedCredential> credential_of(const Rows& rows) {
    auto id = guid_column(rows, 0, "id of a federated credential");
    if (!id) return failure(std::move(id));
    auto owner = guid_column(rows, 1, "owner of a federated credential");
    if (!owner) return failure(std::move(owner));
    auto json = json_column(rows, 5, "audiences of a federated credential");
    if (!json) return failure(std::move(json));
    std::vector<std::string> audiences;
    for (const auto& audience : json->is_array() ? json->get_array() : boost::json::array()) {
        if (const auto* text = audience.if_string()) audiences.emplace_back(*text);
    }
    return FederatedCredential{.id = std::move(*id),
                               .owner = std::move(*owner),
                               .name = std::string(rows.text(2)),
                               .issuer = std::string(rows.text(3)),
                               .subject = std::string(rows.text(4)),
                               .audiences = std::move(audiences),
                               .description = rows.optional_text(6),
                               .since = rows.time(7)};
}

std::string list_of(std::span<const std::string> audiences) {
    return boost::json::serialize(boost::json::array(audiences.begin(), audiences.end()));
}

// The two forms in which an audience is stored, without and with a slash at its end.
std::array<std::string, 2> forms_of(std::string_view audience) {
    while (audience.ends_with('/')) audience.remove_suffix(1);
    const std::array forms{std::string(audience), std::string(audience) + "/"};
    return {list_of(std::span(forms).first(1)), list_of(std::span(forms).last(1))};
}

// Refuses one for tokens that another owner's stands for. An application's takes them from a managed identity's, which more
// people may make; so it is refused for another application's only, and whoever may write applications may read who that is.
Result<void> check_sole_owner(Session& session, const FederatedCredential& credential) {
    auto of_application = exists(session, "select 1 from applications where id = ?1", credential.owner.value());
    if (!of_application) return failure(std::move(of_application));
    for (const std::string& audience : credential.audiences) {
        const auto forms = forms_of(audience);
        auto same = find(session,
                         "select " BERTH_FEDERATED_COLUMNS " from federated_credentials where issuer = ?1 and subject = ?2 and "
                         "audiences in (?3, ?4) and owner_id <> ?5 and "
                         "(?6 = 0 or exists (select 1 from applications where id = owner_id)) "
                         "order by created_at, federated_credentials.id limit 1",
                         credential_of, credential.issuer, credential.subject, forms[0], forms[1], credential.owner.value(),
                         *of_application ? 1 : 0);
        if (!same) return failure(std::move(same));
        if (!*same) continue;
        const std::string who = *of_application ? fmt::format(", the one with the object id '{}' by its '{}'",
                                                              (*same)->owner.value(), (*same)->name)
                                                : "";
        return failure(ErrorCode::already_exists,
                       fmt::format("The tokens of '{}' at '{}' for '{}' stand for another application or identity already{}. "
                                   "berth takes them as they are ('audience=' of --trusted-issuer), so they can stand for one "
                                   "only. Use another audience or subject, or have the other federated credential removed.",
                                   credential.subject, credential.issuer, audience, who));
    }
    return {};
}

std::unexpected<Error> taken(std::string_view what) {
    return failure(ErrorCode::already_exists,
                   fmt::format("Another federated credential of the same owner has {} already.", what));
}

} // namespace

std::string federated_secret(const FederatedCredential& credential) {
    boost::json::array meant{credential.issuer, credential.subject};
    for (const std::string& audience : credential.audiences) meant.emplace_back(audience);
    const std::string text = boost::json::serialize(meant);
    return fmt::format("{}{}/{}", secret_prefix, credential.id.value(), Digest::of(as_bytes(text)).hex().substr(0, 32));
}

bool is_federated_secret(std::string_view secret) noexcept { return secret.starts_with(secret_prefix); }

Result<std::optional<FederatedCredential>> find_federated_secret(Session& session, const Guid& principal,
                                                                 std::string_view secret) {
    if (!is_federated_secret(secret)) return std::nullopt;
    const std::string_view rest = secret.substr(secret_prefix.size());
    auto found = find(session,
                      "select " BERTH_FEDERATED_COLUMNS " from federated_credentials where id = ?2 and "
                      "owner_id in (select ?1 union all select applications.id from applications join principals "
                      "on principals.application_id = applications.application_id where principals.id = ?1)",
                      credential_of, principal.value(), rest.substr(0, rest.find('/')));
    if (!found || !*found || federated_secret(**found) == secret) return found;
    return std::nullopt;
}

Result<std::vector<FederatedCredential>> list_federated_credentials(Session& session, const Guid& owner) {
    return collect(session,
                   "select " BERTH_FEDERATED_COLUMNS " from federated_credentials where owner_id = ?1 order by created_at, id",
                   credential_of, owner.value());
}

Result<std::optional<FederatedCredential>> find_federated_credential(Session& session, const Guid& owner,
                                                                     std::string_view id_or_name) {
    return find(session,
                "select " BERTH_FEDERATED_COLUMNS " from federated_credentials where owner_id = ?1 and "
                "(id = ?2 or name_key = ?2) order by id <> ?2 limit 1",
                credential_of, owner.value(), to_lower(id_or_name));
}

Result<void> write_federated_credential(Session& session, const FederatedCredential& credential, bool taken_as_they_are) {
    auto known = exists(session,
                        "select 1 from principals where id = ?1 and managed_by is not null "
                        "union all select 1 from applications where id = ?1",
                        credential.owner.value());
    if (!known) return failure(std::move(known));
    if (!*known) {
        return failure(
            ErrorCode::not_found,
            fmt::format("The directory has no application or managed identity with the id '{}'.", credential.owner.value()));
    }
    auto same_name = exists(session, "select 1 from federated_credentials where owner_id = ?1 and name_key = ?2 and id <> ?3",
                            credential.owner.value(), to_lower(credential.name), credential.id.value());
    if (!same_name) return failure(std::move(same_name));
    if (*same_name) return taken("this name");
    auto same_subject = exists(session,
                               "select 1 from federated_credentials where owner_id = ?1 and issuer = ?2 and subject = ?3 and "
                               "id <> ?4",
                               credential.owner.value(), credential.issuer, credential.subject, credential.id.value());
    if (!same_subject) return failure(std::move(same_subject));
    if (*same_subject) return taken("this issuer and subject");
    auto others = integer(session, "select count(*) from federated_credentials where owner_id = ?1 and id <> ?2",
                          credential.owner.value(), credential.id.value());
    if (!others) return failure(std::move(others));
    if (*others >= static_cast<std::int64_t>(max_federated_credentials)) {
        return failure(ErrorCode::limit_exceeded,
                       fmt::format("An application or identity can have {} federated credentials. Remove one that is not "
                                   "used any more.",
                                   max_federated_credentials));
    }
    const std::string audiences = list_of(credential.audiences);
    auto unchanged = exists(session,
                            "select 1 from federated_credentials where id = ?1 and issuer = ?2 and subject = ?3 and "
                            "audiences = ?4",
                            credential.id.value(), credential.issuer, credential.subject, audiences);
    if (!unchanged) return failure(std::move(unchanged));
    if (taken_as_they_are && !*unchanged) {
        if (auto alone = check_sole_owner(session, credential); !alone) return alone;
    }
    auto written = session.execute(
        "insert into federated_credentials(id, owner_id, name, name_key, issuer, subject, audiences, description, created_at) "
        "values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) on conflict (id) do update set name = excluded.name, "
        "name_key = excluded.name_key, issuer = excluded.issuer, subject = excluded.subject, "
        "audiences = excluded.audiences, description = excluded.description, "
        "created_at = case when ?10 = 1 then federated_credentials.created_at else excluded.created_at end",
        credential.id.value(), credential.owner.value(), credential.name, to_lower(credential.name), credential.issuer,
        credential.subject, audiences, credential.description, credential.since, *unchanged ? 1 : 0);
    if (!written) return failure(std::move(written));
    return {};
}

Result<void> delete_federated_credential(Session& session, const Guid& owner, const Guid& id) {
    auto deleted =
        session.execute("delete from federated_credentials where owner_id = ?1 and id = ?2", owner.value(), id.value());
    if (!deleted) return failure(std::move(deleted));
    if (*deleted == 0) {
        return failure(ErrorCode::not_found,
                       fmt::format("'{}' has no federated credential with the id '{}'.", owner.value(), id.value()));
    }
    return {};
}

Result<std::vector<FederatedCredential>> federated_credentials_of(Session& session, const Guid& principal,
                                                                  std::string_view issuer, std::string_view subject) {
    return collect(session,
                   "select " BERTH_FEDERATED_COLUMNS " from federated_credentials where issuer = ?2 and subject = ?3 and "
                   "owner_id in (select ?1 union all select applications.id from applications join principals "
                   "on principals.application_id = applications.application_id where principals.id = ?1)",
                   credential_of, principal.value(), issuer, subject);
}

Result<std::optional<FederatedPrincipal>> principal_federated_with(Session& session, std::string_view issuer,
                                                                   std::string_view subject, std::string_view audience) {
    const auto read = [](const Rows& rows) -> Result<FederatedPrincipal> {
        auto credential = credential_of(rows);
        if (!credential) return failure(std::move(credential));
        auto principal = guid_column(rows, 8, "principal of a federated credential");
        if (!principal) return failure(std::move(principal));
        return FederatedPrincipal{std::move(*principal), std::move(*credential), rows.integer(9) != 0};
    };
    const auto forms = forms_of(audience);
    return find(session,
                "select " BERTH_FEDERATED_COLUMNS ", principals.id, principals.id <> owner_id "
                "from federated_credentials join principals "
                "on principals.id = owner_id or principals.application_id = "
                "(select application_id from applications where id = owner_id) "
                "where issuer = ?1 and subject = ?2 and audiences in (?3, ?4) "
                "order by principals.id = owner_id, federated_credentials.created_at, federated_credentials.id limit 1",
                read, issuer, subject, forms[0], forms[1]);
}

} // namespace berth::tenant
