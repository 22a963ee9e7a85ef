#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "gateway/services.hpp"
#include "identity/caller.hpp"
#include "tenant/world.hpp"

#include <optional>
#include <string_view>

namespace berth::gateway {

/// The caller that a token of a trusted issuer names, where the configuration takes its tokens as they are: the one whose
/// federated credential has its issuer, its subject (by the issuer's subject claim) and one of its audiences. Groups that
/// the token lists count where they are linked to groups of the directory. What is made with the token ends with it. nullopt
/// for a token of anybody else, which may be berth's own; `invalid_credentials` for one that does not hold, that was made for
/// something else, or that names nobody here or several.
Task<Result<std::optional<identity::Caller>>> verify_outside_token(const Services& services, const tenant::World& world,
                                                                   std::string_view token);

} // namespace berth::gateway
