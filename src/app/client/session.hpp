#pragma once

#include "app/client/profile.hpp"
#include "base/result.hpp"
#include "outbound/http_client.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace berth::app {

/// A signed-in client of the server's own ARM and Graph routes. What the server refuses comes back as an error with its
/// whole message.
class Session {
public:
    explicit Session(Profile profile) : profile_(std::move(profile)) {}

    const Profile& profile() const noexcept { return profile_; }
    /// `/subscriptions/{id}` of the profile; without one, of the first that the caller sees by now. `not_found` when there
    /// is none.
    Result<std::string> subscription_scope();

    /// Gets a token, which proves the credentials, and fills in what the profile leaves out: the tenant, the subscription
    /// (the first, or the one of that id or name: `not_found` without it) and its resource group if it is the only one.
    Result<void> sign_in();

    /// One request; the api-version is added. The body of the answer, null for none.
    Result<boost::json::value> arm(std::string_view method, const std::string& path, const boost::json::value& body = nullptr);
    Result<boost::json::value> graph(std::string_view method, const std::string& path,
                                     const boost::json::value& body = nullptr);
    /// A request that may go on after its answer: waits for its end, asking as often as the server wants (`Retry-After`).
    /// `progress` gets what the operation's status says each time. What the operation ended with, null for nothing; the
    /// operation's own error when it failed. With `wait` false the answer to the request itself.
    using Progress = std::function<void(const boost::json::value& status)>;
    Result<boost::json::value> arm_to_its_end(std::string_view method, const std::string& path, const boost::json::value& body,
                                              bool wait, const Progress& progress);
    /// All pages of a list.
    Result<boost::json::array> list_arm(const std::string& path);
    Result<boost::json::array> list_graph(const std::string& path);

    /// The object id of the one who is signed in, as its token says.
    Result<std::string> own_object_id();

private:
    enum class Plane : bool { arm, graph };

    Result<std::string> token(Plane plane);
    Result<outbound::ClientResponse> exchange(Plane plane, std::string_view method, const std::string& target,
                                              const boost::json::value& body);
    Result<boost::json::value> call(Plane plane, std::string_view method, const std::string& target,
                                    const boost::json::value& body);
    Result<boost::json::array> list(Plane plane, std::string target);

    Profile profile_;
    std::map<Plane, std::string> tokens_;
};

/// A path with everything percent-encoded but the unreserved characters of RFC 3986 and `/`. `invalid_parameter` for one
/// with a segment `.` or `..`, which would name something else than it says.
Result<std::string> encode_path(std::string_view path);
/// One name as a segment of a path: `/` is encoded too.
Result<std::string> encode_segment(std::string_view name);

/// A string literal of OData: quoted, quotes doubled.
std::string odata_text(std::string_view text);

} // namespace berth::app
