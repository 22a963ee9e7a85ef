#include "identity/outside_accounts.hpp"

#include "base/encoding.hpp"
#include "outbound/target_url.hpp"
#include "tenant/columns.hpp"
#include "tenant/directory_store.hpp"

#include <fmt/format.h>

namespace berth::identity {
namespace {

using storage::Rows;
using storage::Session;

constexpr std::size_t longest_part = 100;

// What a name may be made of, so that it can be typed and mistaken for nothing.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : to_lower(text.substr(0, longest_part))) {
        const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        out += kept ? c : '_';
    }
    return out;
}

} // namespace

Result<bool> has_outside_account(Session& session, const Guid& user, std::string_view issuer) {
    return tenant::exists(session, "select 1 from outside_accounts where principal_id = ?1 and issuer = ?2", user.value(),
                          issuer);
}

Result<OutsideUser> find_or_make_user(Session& session, const Guid& tenant, const OutsidePerson& person, Timestamp now) {
    const auto read = [](const Rows& rows) { return tenant::guid_column(rows, 0, "user of an outside account"); };
    auto known = tenant::find(session, "select principal_id from outside_accounts where issuer = ?1 and subject = ?2", read,
                              person.issuer, person.subject);
    if (!known) return failure(std::move(known));
    if (*known) return OutsideUser{std::move(**known), false};

    const auto issuer = outbound::TargetUrl::parse(person.issuer);
    const std::string host = issuer ? plain(issuer->host) : "outside";
    const std::string local = plain(person.name.empty() ? person.subject : person.name);
    std::string name = fmt::format("{}#ext#@{}", local, host);
    auto taken = tenant::exists(session, "select 1 from principals where user_principal_name = ?1", name);
    if (!taken) return failure(std::move(taken));
    if (*taken) name = fmt::format("{}_{}#ext#@{}", local, Guid::random().compact().substr(0, 8), host);
    const std::string shown = person.display_name.empty() ? name : person.display_name.substr(0, 256);
    auto user = tenant::create_user(session, tenant, shown, name, now);
    if (!user) return failure(std::move(user));
    auto inserted =
        session.execute("insert into outside_accounts(issuer, subject, principal_id, created_at) values (?1, ?2, ?3, ?4)",
                        person.issuer, person.subject, user->id.value(), now);
    if (!inserted) return failure(std::move(inserted));
    return OutsideUser{user->id, true};
}

} // namespace berth::identity
