#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "gateway/context.hpp"
#include "gateway/services.hpp"
#include "http/message.hpp"

#include <optional>
#include <string>

namespace berth::sign_in {

/// The origin of the page that asks, if it is one of a single-page application of the directory (`spa.redirectUris`): scripts
/// of no other page may read what a token endpoint answers. nullopt for others and for callers that are no page.
Task<Result<std::optional<std::string>>> allowed_origin(const gateway::Services& services, const gateway::Context& context);

/// Says so to the browser (Fetch, CORS protocol).
void allow_origin(http::Response& response, const std::string& origin);

/// The answer to the question whether such a page may ask (a preflight).
http::Response preflight(const gateway::Context& context, const std::optional<std::string>& origin);

} // namespace berth::sign_in
