#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "gateway/context.hpp"
#include "gateway/route.hpp"
#include "gateway/services.hpp"
#include "http/message.hpp"
#include "sign_in/browser_session.hpp"
#include "sign_in/pages.hpp"
#include "sign_in/pending_sign_in.hpp"

#include <string>
#include <string_view>

namespace berth::sign_in {

/// A step of signing in that a browser sees.
using PageStep = Task<Result<http::Response>> (*)(const gateway::Services&, gateway::Context&);

/// A route of such a step: whatever fails in it is a page for people. `why` says why it is open to everybody.
gateway::Route page_route(const gateway::Services& services, std::string_view id, http::Method method, std::string_view pattern,
                          PageStep step, std::string_view why, std::string_view summary);

/// A posted form, and that the browser sent it from berth's own page. `bad_request` else.
struct PostedForm {
    Parameters fields;
    std::string_view find(std::string_view name) const noexcept { return fields.find(name).value_or(""); }
};
Task<Result<PostedForm>> read_form(gateway::Context& context);

/// What the pages of a sign-in say; `browser` gets its cookie with the page if it is new.
PageFacts facts_of(const gateway::Services& services, const gateway::Context& context, const PendingSignIn& pending,
                   const Browser& browser);
/// The page that asks who it is, in a browser where nobody is signed in, or as whom to go on.
http::Response ask_who(const gateway::Services& services, const gateway::Context& context, const PendingSignIn& pending,
                       const std::optional<SignedIn>& known);

/// The person is known: the client gets its code, or the device's question follows.
Task<Result<http::Response>> finish(const gateway::Services& services, gateway::Context& context, const PendingSignIn& pending,
                                    const SignedIn& person);

/// Sends an answer to the client in the way it asked for.
http::Response answer_client(const Destination& destination,
                             const std::vector<std::pair<std::string_view, std::string>>& fields);

} // namespace berth::sign_in
