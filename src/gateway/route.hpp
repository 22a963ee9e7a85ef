#pragma once

#include "base/percent.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "gateway/permission.hpp"
#include "http/message.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::gateway {

class Context;

/// How a route speaks: which credentials it takes and what its errors look like.
enum class Protocol : std::uint8_t {
    registry,         ///< /v2, /acr/v1: challenge, bearer or Basic; OCI error bodies, refusals are 401
    registry_token,   ///< /oauth2: OCI error bodies, no challenge
    resource_manager, ///< ARM: bearer; `{"error":{"code","message"}}`, refusals are 403; needs api-version
    graph,            ///< Graph: bearer; `{"error":{"code","message"}}`
    sign_in,          ///< Entra-shaped token endpoints and metadata: OAuth error bodies
    berth,            ///< berth's own: JSON errors
};

enum class EntryKind : std::uint8_t {
    all, ///< every permission is needed, at the route's scope
    any, ///< one of them is enough
    /// Every permission is needed, and a condition on it may look at what only the body or the object tells: before the
    /// handler runs, conditions are taken as met; then the handler asks again with everything (`Context::require_at` at the
    /// entry's scope). One that ends with success and has not asked is an internal error.
    deferred,
    /// Every permission is needed to see all. Without it, in a registry with repository permissions, a principal sees the
    /// items that they may read by themselves: the handler asks `Context::may_list` for each.
    all_or_filter,
    filter, ///< everybody who is authenticated may ask; the handler shows what the same decision allows for each item
    open,   ///< nobody needs to say who they are; `why` says why that is right
};

/// What is decided before the handler runs and before a byte of the body is read.
struct Entry {
    EntryKind kind = EntryKind::all;
    std::vector<const Permission*> permissions;
    std::string_view why; ///< for `open`
};

using Handler = std::function<Task<Result<http::Response>>(Context&)>;

/// One row of the route table.
struct Route {
    std::string_view id;                     ///< `manifest.put`: unique; in logs, metrics and documents
    http::Method method = http::Method::get; ///< `get` answers HEAD too
    /// Segments joined by `/`: a literal, `{name}` for one segment, `{name...}` for one or more (at most once). Matched on
    /// decoded segments; a percent-encoded slash separates segments of a `{name...}` only. ARM and Graph literals match
    /// without regard to case, and empty segments are collapsed there.
    std::string_view pattern;
    Protocol protocol = Protocol::registry;
    Entry entry;
    /// Further permissions the handler may ask for once it knows the body or the object; it cannot ask for others.
    std::vector<const Permission*> further;
    /// ARM: the scope that the entry is decided at, as a template of the pattern's parameters
    /// (`/subscriptions/{subscription}/resourceGroups/{group}`, `/{scope}`). Empty on other protocols: the registry, with
    /// the parameter `name` as repository, or the directory.
    std::string_view scope;
    std::uint64_t body_limit = 0; ///< for `Context::body`; streaming handlers read `request().body` themselves
    Handler handler;
    std::string_view summary; ///< one line for the documents
    /// Registry: scopes that the challenge names beside the entry's own, from the query (a mount's source). A token that
    /// was asked for more than its owner may do is no harm: rights are decided at each request.
    std::function<std::string(const Parameters& query)> further_scope{};
    /// ARM: a sentence at the end of the message of every 403, for clients that look for a word.
    std::string_view refusal_note{};
};

} // namespace berth::gateway
