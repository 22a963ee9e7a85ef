#pragma once

#include "base/result.hpp"
#include "gateway/route.hpp"
#include "http/message.hpp"
#include "tenant/world.hpp"

#include <string>
#include <string_view>

namespace berth::gateway {

/// What an error answer needs to know beside the error.
struct ErrorPlace {
    Protocol protocol = Protocol::berth;
    const Route* route = nullptr;               ///< nullptr when none was found
    const tenant::Registry* registry = nullptr; ///< for the challenge
    std::string_view repository{};              ///< for the challenge's scope
    std::string further_scope{};                ///< for the challenge, beside the route's own
    std::string base_address{};                 ///< as the client called it
    std::string_view correlation_id{};
    bool had_credentials = false;
};

/// The one error shape of each protocol, challenge included.
http::Response error_response(const Error& error, const ErrorPlace& place);

/// `Bearer realm="…",service="…"[,scope="…"][,error="…"]`, exactly as ACR's clients can parse it (acr-data-plane 1.1): one
/// space after Bearer, none after commas, no scope on `/v2/`.
std::string challenge(const ErrorPlace& place, std::string_view error);

} // namespace berth::gateway
