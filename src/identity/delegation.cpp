#include "identity/delegation.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "identity/handle.hpp"
#include "identity/person_columns.hpp"
#include "tenant/columns.hpp"

#include <fmt/format.h>

namespace berth::identity {
namespace {

using storage::Rows;
using storage::Session;

Result<Delegation> delegation_of(const Rows& rows) {
    auto id = tenant::guid_column(rows, 0, "id of a grant");
    if (!id) return failure(std::move(id));
    auto person = person_columns(rows, 1);
    if (!person) return failure(std::move(person));
    return Delegation{std::move(*id), std::move(*person), std::string(rows.text(4)), rows.boolean(5)};
}

Result<void> end_delegation(Session& session, std::string_view id) {
    auto ended = session.execute("delete from sign_in_grants where id = ?1", id);
    if (!ended) return failure(std::move(ended));
    return {};
}

bool is_verifier_of(std::string_view verifier, std::string_view challenge) {
    // RFC 7636 section 4.1: 43 to 128 characters.
    if (verifier.size() < 43 || verifier.size() > 128) return false;
    return Secret(to_base64url(Digest::of(as_bytes(verifier)).bytes())).equals(challenge);
}

} // namespace

Result<Delegation> delegate(Session& session, const VerifiedPrincipal& person, const std::string& client_id, bool confidential,
                            std::chrono::seconds lifetime, Timestamp now) {
    Delegation out{Guid::random(), person, client_id, confidential};
    if (auto pruned = session.execute("delete from sign_in_grants where ends_at <= ?1", now); !pruned) {
        return failure(std::move(pruned));
    }
    // The newest 500 of one person stay.
    auto thinned = session.execute("delete from sign_in_grants where principal_id = ?1 and id not in (select id from "
                                   "sign_in_grants where principal_id = ?1 order by ends_at desc limit 499)",
                                   person.id.value());
    if (!thinned) return failure(std::move(thinned));
    auto inserted =
        session.execute("insert into sign_in_grants(id, principal_id, client_id, confidential, secret, outside_groups, "
                        "created_at, ends_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                        out.id.value(), person.id.value(), client_id, confidential, person.secret,
                        person.outside_groups.to_text(), now, now + lifetime);
    if (!inserted) return failure(std::move(inserted));
    return out;
}

Result<Secret> make_code(Session& session, const VerifiedPrincipal& person, const CodeBinding& binding, Timestamp now) {
    auto delegation = delegate(session, person, binding.client_id, binding.confidential, code_lifetime, now);
    if (!delegation) return failure(std::move(delegation));
    const Handle handle = make_handle();
    auto inserted = session.execute("insert into authorization_codes(id, grant_id, redirect_uri, code_challenge, access, "
                                    "used, ends_at) values (?1, ?2, ?3, ?4, ?5, 0, ?6)",
                                    handle.id, delegation->id.value(), binding.redirect_uri, binding.code_challenge,
                                    binding.access, now + code_lifetime);
    if (!inserted) return failure(std::move(inserted));
    return handle.value;
}

Result<std::variant<Redeemed, Refused>> redeem_code(Session& session, std::string_view code, std::string_view client_id,
                                                    std::string_view redirect_uri, std::string_view code_verifier,
                                                    Timestamp now) {
    using Answer = std::variant<Redeemed, Refused>;
    struct Code {
        Delegation delegation;
        std::string redirect_uri;
        std::string challenge;
        std::string access;
        bool used;
        Timestamp ends_at;
    };
    const auto read = [](const Rows& rows) -> Result<Code> {
        auto delegation = delegation_of(rows);
        if (!delegation) return failure(std::move(delegation));
        return Code{std::move(*delegation),    std::string(rows.text(6)), std::string(rows.text(7)),
                    std::string(rows.text(8)), rows.boolean(9),           rows.time(10)};
    };
    const std::string id = handle_id(code);
    auto found = tenant::find(session,
                              "select g.id, g.principal_id, g.secret, g.outside_groups, g.client_id, g.confidential, "
                              "c.redirect_uri, c.code_challenge, c.access, c.used, c.ends_at from authorization_codes c join "
                              "sign_in_grants g on g.id = c.grant_id where c.id = ?1",
                              read, id);
    if (!found) return failure(std::move(found));
    if (!*found) return Answer(Refused::unknown);
    Code& made = **found;
    if (made.used) {
        if (auto ended = end_delegation(session, made.delegation.id.value()); !ended) return failure(std::move(ended));
        return Answer(Refused::used);
    }
    auto spent = session.execute("update authorization_codes set used = 1 where id = ?1", id);
    if (!spent) return failure(std::move(spent));
    if (made.ends_at <= now) return Answer(Refused::expired);
    if (made.delegation.client_id != client_id) return Answer(Refused::another_client);
    if (made.redirect_uri != redirect_uri) return Answer(Refused::another_address);
    if (!is_verifier_of(code_verifier, made.challenge)) return Answer(Refused::wrong_verifier);
    return Answer(Redeemed{std::move(made.delegation), std::move(made.access)});
}

Result<Secret> make_refresh_token(Session& session, const Guid& delegation, Timestamp now) {
    // It names what it hangs on, so that an old one is known as such when its row is gone.
    const Secret value(fmt::format("{}.{}", delegation.value(), make_handle().value.reveal()));
    auto inserted = session.execute("insert into refresh_tokens(id, grant_id, used_at, ends_at) values (?1, ?2, ?3, ?4)",
                                    handle_id(value.reveal()), delegation.value(), nullptr, now + refresh_token_lifetime);
    if (!inserted) return failure(std::move(inserted));
    auto lasting = session.execute("update sign_in_grants set ends_at = ?2 where id = ?1", delegation.value(),
                                   now + refresh_token_lifetime);
    if (!lasting) return failure(std::move(lasting));
    return value;
}

Result<std::variant<Delegation, Refused>> use_refresh_token(Session& session, std::string_view token,
                                                            std::string_view client_id, Timestamp now, bool proved) {
    using Answer = std::variant<Delegation, Refused>;
    constexpr std::size_t most_at_once = 50; // within the leeway
    const auto named = Guid::parse(token.substr(0, std::min(token.find('.'), token.size())));
    if (!named) return Answer(Refused::unknown);
    auto delegation = tenant::find(session,
                                   "select id, principal_id, secret, outside_groups, client_id, confidential from "
                                   "sign_in_grants where id = ?1 and ends_at > ?2",
                                   delegation_of, named->value(), now);
    if (!delegation) return failure(std::move(delegation));
    if (!*delegation) return Answer(Refused::expired);

    const std::string id = handle_id(token);
    struct Token {
        std::optional<Timestamp> used_at;
        Timestamp ends_at;
    };
    auto row = tenant::find(
        session, "select used_at, ends_at from refresh_tokens where id = ?1 and grant_id = ?2",
        [](const Rows& rows) -> Result<Token> {
            return Token{rows.is_null(0) ? std::nullopt : std::optional(rows.time(0)), rows.time(1)};
        },
        id, named->value());
    if (!row) return failure(std::move(row));
    const bool is_old = !*row || ((*row)->used_at && *(*row)->used_at + refresh_leeway < now);
    auto count = tenant::integer(session, "select count(*) from refresh_tokens where grant_id = ?1", named->value());
    if (!count) return failure(std::move(count));
    if (is_old || *count > static_cast<std::int64_t>(most_at_once)) {
        if (auto ended = end_delegation(session, named->value()); !ended) return failure(std::move(ended));
        return Answer(Refused::used);
    }
    if ((*delegation)->client_id != client_id) return Answer(Refused::another_client);
    if ((*delegation)->confidential && !proved) return Answer(Refused::unproved);
    if ((*row)->ends_at <= now) return Answer(Refused::expired);
    auto used = session.execute("update refresh_tokens set used_at = coalesce(used_at, ?2) where id = ?1", id, now);
    if (!used) return failure(std::move(used));
    auto pruned = session.execute("delete from refresh_tokens where grant_id = ?1 and used_at < ?2", named->value(),
                                  now - refresh_leeway);
    if (!pruned) return failure(std::move(pruned));
    return Answer(std::move(**delegation));
}

Result<void> end_sign_ins(Session& session, const Guid& person) {
    auto grants = session.execute("delete from sign_in_grants where principal_id = ?1", person.value());
    if (!grants) return failure(std::move(grants));
    auto sessions = session.execute("delete from sign_in_sessions where principal_id = ?1", person.value());
    if (!sessions) return failure(std::move(sessions));
    return {};
}

} // namespace berth::identity
