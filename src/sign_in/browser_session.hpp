#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "gateway/context.hpp"
#include "gateway/services.hpp"
#include "http/message.hpp"
#include "identity/credentials.hpp"
#include "tenant/world.hpp"

#include <memory>
#include <optional>

namespace berth::sign_in {

/// Who is signed in in a browser.
struct SignedIn {
    identity::VerifiedPrincipal person;
    std::shared_ptr<const tenant::World> world; ///< in which `principal` is
    const tenant::Principal* principal = nullptr;
};

/// Who the session cookie stands for; nullopt for nobody, and for somebody who may not sign in any more.
Task<Result<std::optional<SignedIn>>> signed_in(const gateway::Services& services, const gateway::Context& context);

/// Starts a session and returns its cookie's value. Whatever session the browser had before ends.
Task<Result<Secret>> start_browser_session(const gateway::Services& services, const gateway::Context& context,
                                           const identity::VerifiedPrincipal& person);

} // namespace berth::sign_in
