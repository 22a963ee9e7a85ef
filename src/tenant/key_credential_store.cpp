#include "tenant/key_credential_store.hpp"

#include "tenant/columns.hpp"

#include <fmt/format.h>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

#define BERTH_KEY_COLUMNS "key_id, certificate, thumbprint, display_name, starts_at, ends_at"

Bytes copy(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

Result<KeyCredential> key_of(const Rows& rows) {
    auto key_id = guid_column(rows, 0, "id of a certificate");
    if (!key_id) return failure(std::move(key_id));
    return KeyCredential{std::move(*key_id),    copy(rows.bytes(1)), copy(rows.bytes(2)),
                         rows.optional_text(3), rows.time(4),        rows.time(5)};
}

} // namespace

Result<std::vector<KeyCredential>> list_key_credentials(Session& session, const Guid& owner) {
    return collect(session,
                   "select " BERTH_KEY_COLUMNS " from key_credentials where owner_id = ?1 "
                   "order by starts_at, key_id",
                   key_of, owner.value());
}

Result<void> replace_key_credentials(Session& session, const Guid& owner, std::span<const KeyCredential> credentials) {
    auto known = exists(session,
                        "select 1 from principals where id = ?1 and kind = 'ServicePrincipal' and managed_by is null "
                        "union all select 1 from applications where id = ?1",
                        owner.value());
    if (!known) return failure(std::move(known));
    if (!*known) {
        return failure(ErrorCode::not_found,
                       fmt::format("The directory has no application or service principal with the id '{}' that could have a "
                                   "certificate.",
                                   owner.value()));
    }
    if (credentials.size() > max_key_credentials) {
        return failure(ErrorCode::limit_exceeded,
                       fmt::format("An application can have {} certificates. Remove those that are not used any more.",
                                   max_key_credentials));
    }
    if (auto done = session.execute("delete from key_credentials where owner_id = ?1", owner.value()); !done) {
        return failure(std::move(done));
    }
    for (const KeyCredential& key : credentials) {
        auto inserted = session.execute(
            "insert into key_credentials(key_id, owner_id, certificate, thumbprint, display_name, starts_at, "
            "ends_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict do nothing",
            key.key_id.value(), owner.value(), key.certificate, key.thumbprint, key.display_name, key.starts_at, key.ends_at);
        if (!inserted) return failure(std::move(inserted));
        if (*inserted == 0) {
            return failure(ErrorCode::already_exists, fmt::format("The key id '{}' is in use already.", key.key_id.value()));
        }
    }
    return {};
}

Result<std::vector<KeyCredential>> valid_key_credentials(Session& session, const Guid& principal, Timestamp now) {
    return collect(session,
                   "select " BERTH_KEY_COLUMNS " from key_credentials where starts_at <= ?2 and ends_at > ?2 and owner_id in "
                   "(select ?1 union all select applications.id from applications join principals "
                   "on principals.application_id = applications.application_id where principals.id = ?1) order by key_id",
                   key_of, principal.value(), now);
}

} // namespace berth::tenant
