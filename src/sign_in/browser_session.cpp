#include "sign_in/browser_session.hpp"

#include "identity/sessions.hpp"
#include "sign_in/cookies.hpp"
#include "sign_in/person_tokens.hpp"

namespace berth::sign_in {

using gateway::Context;
using gateway::Services;
using storage::Session;

Task<Result<std::optional<SignedIn>>> signed_in(const Services& services, const Context& context) {
    const auto cookie = find_cookie(context, Cookie::session);
    if (!cookie) co_return std::optional<SignedIn>();
    auto read = [&](Session& session) { return identity::find_session(session, *cookie, context.now()); };
    auto reading = services.database.read(storage::ReadKind::point, read);
    auto person = co_await std::move(reading);
    if (!person) co_return failure(std::move(person));
    if (!*person) co_return std::optional<SignedIn>();
    SignedIn out{std::move(**person), services.tenancy.world(), nullptr};
    auto living = co_await living_person(services, *out.world, out.person);
    if (!living && living.error().protocol_code.empty()) co_return failure(std::move(living));
    if (!living) co_return std::optional<SignedIn>();
    out.principal = *living;
    co_return std::optional(std::move(out));
}

Task<Result<Secret>> start_browser_session(const Services& services, const Context& context,
                                           const identity::VerifiedPrincipal& person) {
    const auto earlier = find_cookie(context, Cookie::session);
    auto start = [&](Session& session) -> Result<Secret> {
        if (earlier) {
            auto ended = identity::end_session(session, *earlier);
            if (!ended) return failure(std::move(ended));
        }
        auto made = identity::start_session(session, person, context.now());
        if (!made) return made;
        auto left = storage::append_event(session, context.now(),
                                          {.kind = "signIn.session",
                                           .registry = std::nullopt,
                                           .actor = person.id.value(),
                                           .detail = {{"address", context.request().remote_address}}});
        if (!left) return failure(std::move(left));
        return made;
    };
    auto starting = services.database.write(start);
    auto made = co_await std::move(starting);
    co_return made;
}

} // namespace berth::sign_in
