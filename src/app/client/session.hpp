#pragma once

#include "app/client/profile.hpp"
#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <string>
#include <string_view>

namespace berth::app {

/// A signed-in client of the server's own ARM and Graph routes. What the server refuses comes back as an error with its
/// message.
class Session {
public:
    explicit Session(Profile profile) : profile_(std::move(profile)) {}

    const Profile& profile() const noexcept { return profile_; }

    /// Gets a token, which proves the credentials, and finds the tenant's first subscription.
    Result<void> sign_in();

    Result<boost::json::value> arm(std::string_view method, const std::string& path, const boost::json::value& body = nullptr);
    Result<boost::json::value> graph(std::string_view method, const std::string& path,
                                     const boost::json::value& body = nullptr);

private:
    Result<std::string> token(const std::string& resource);
    Result<boost::json::value> call(const std::string& resource, std::string_view method, const std::string& url,
                                    const boost::json::value& body);

    Profile profile_;
    std::map<std::string, std::string> tokens_; // by resource
};

} // namespace berth::app
