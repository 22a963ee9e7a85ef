#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "gateway/context.hpp"
#include "gateway/services.hpp"
#include "identity/credentials.hpp"

#include <string_view>

namespace berth::sign_in {

/// The person with that name and password; programs do not sign in here. `invalid_grant` in Entra's words: AADSTS50126,
/// the same for unknown names, wrong passwords and disabled people; AADSTS50053 while signing in is locked.
Task<Result<identity::VerifiedPrincipal>> verify_person(const gateway::Services& services, const gateway::Context& context,
                                                        std::string_view name, std::string_view password);

} // namespace berth::sign_in
