#pragma once

#include "gateway/route.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::gateway {

/// Finds the route of a method and path.
class Router {
public:
    explicit Router(std::vector<Route> routes);

    struct Match {
        const Route* route = nullptr;
        std::vector<std::pair<std::string_view, std::string>> parameters;
    };
    /// `route_unknown` when no pattern matches the path, `method_not_allowed` (detail: the allowed methods) when only the
    /// method differs, `bad_request` for a broken escape or a segment of `.` or `..`. `protocol_of` says how to shape such
    /// an answer.
    Result<Match> find(http::Method method, std::string_view path) const;
    /// The protocol that a path belongs to by its first segments, for errors before a route is known.
    static Protocol protocol_of(std::string_view path) noexcept;

    std::span<const Route> routes() const noexcept { return routes_; }

private:
    struct Segment {
        enum class Kind : std::uint8_t { literal, one, many } kind;
        std::string_view text;
    };
    struct Compiled {
        std::vector<Segment> segments;
        std::size_t literals = 0;
        bool has_many = false;
    };
    std::vector<Route> routes_;
    std::vector<Compiled> compiled_; // beside routes_
    // By the first segment in lower case: the routes that begin with it, and those that begin with a parameter, in order.
    using Candidates = std::vector<std::size_t>;
    const Candidates& candidates(std::string_view first_segment) const;
    std::map<std::string, Candidates, std::less<>> by_first_segment_;
    Candidates beginning_with_a_parameter_;
};

} // namespace berth::gateway
