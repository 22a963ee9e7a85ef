#pragma once

#include "base/percent.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::sign_in {

/// How a token endpoint is asked for what the token is for.
enum class TokenForm : std::uint8_t {
    v1,   ///< `resource=https://management.azure.com/`
    v2,   ///< `scope=https://management.azure.com/.default`
    adfs, ///< either
};

/// A form that was sent to a token endpoint (RFC 6749 section 4) and the client that it names, of which nothing is proved yet.
class TokenRequest {
public:
    TokenForm form = TokenForm::v2;
    std::string grant_type;       ///< not empty
    std::string client_id;        ///< not empty
    Secret client_secret;         ///< empty: none was sent
    std::string client_assertion; ///< RFC 7521 section 4.2; empty: none was sent

    /// From the form in the body and the `Authorization` header, where Basic may carry the client (RFC 6749 section 2.3.1).
    /// A parameter may be there once. Failures have Entra's codes and words (`entra_failure`).
    static Result<TokenRequest> parse(TokenForm form, std::string_view body, std::optional<std::string_view> authorization);

    /// The value of a parameter; empty if it was not sent.
    std::string_view find(std::string_view name) const noexcept;
    /// The same, or the failure that says it is missing.
    Result<std::string_view> require(std::string_view name) const;

private:
    Parameters parameters_;
};

} // namespace berth::sign_in
