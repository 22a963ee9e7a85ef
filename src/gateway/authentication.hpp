#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "gateway/services.hpp"
#include "identity/caller.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace berth::gateway {

/// The user and password of an `Authorization: Basic` value (RFC 7617).
struct BasicCredentials {
    std::string user;
    Secret password;
};
/// nullopt if the header is of another scheme; `invalid_credentials` if it is Basic and malformed.
Result<std::optional<BasicCredentials>> parse_basic(std::string_view authorization);
/// The token of an `Authorization: Bearer` value, or nullopt.
std::optional<std::string_view> parse_bearer(std::string_view authorization) noexcept;

/// Who a name and password are on a registry: the null GUID with a refresh or access token of the registry, its admin
/// user, one of its repository tokens, or a principal with its secret. `invalid_credentials`. `address` is the client's: wrong
/// passwords are counted by it.
Task<Result<identity::Caller>> authenticate_password(const Services& services, const tenant::World& world,
                                                     const tenant::Registry& registry, std::string_view user,
                                                     std::string_view password, std::string_view address);

/// The caller that a token named, unless the secret behind it is gone meanwhile. Every token that a request brings goes
/// through here.
Task<Result<identity::Caller>> with_living_secret(const Services& services, const tenant::World& world,
                                                  Result<identity::Caller> caller);

/// The caller for a principal of the world.
identity::Caller caller_for(const tenant::Principal& principal);

} // namespace berth::gateway
