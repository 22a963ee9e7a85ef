#include "gateway/router.hpp"

#include "base/character_range.hpp"
#include "base/encoding.hpp"
#include "base/percent.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <forward_list>

namespace berth::gateway {
namespace {

constexpr std::size_t most_segments = 160;

[[noreturn]] void table_is_wrong(const std::string& why) {
    std::fputs(fmt::format("The route table is wrong: {}\n", why).c_str(), stderr);
    std::abort();
}

bool ignores_case(Protocol protocol) noexcept {
    return protocol == Protocol::resource_manager || protocol == Protocol::graph || protocol == Protocol::sign_in;
}

using Segments = boost::container::small_vector<std::string_view, 16>; // most paths have no more

Segments split(std::string_view path) {
    Segments out;
    if (path.starts_with('/')) path.remove_prefix(1);
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        out.push_back(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return out; // a slash at the end makes no segment
}

// What percent-decoding would leave as it is.
bool is_plain(std::string_view segment) noexcept { return all_between(segment, '!', '~') && !segment.contains('%'); }

} // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
    for (const Route& route : routes_) {
        if (route.entry.kind == EntryKind::open ? route.entry.why.empty()
                                                : route.entry.permissions.empty() && route.entry.kind != EntryKind::filter) {
            table_is_wrong(fmt::format("'{}' declares no permission", route.id));
        }
        Compiled compiled;
        for (const std::string_view part : split(route.pattern)) {
            if (!part.starts_with('{')) {
                compiled.segments.push_back({Segment::Kind::literal, part});
                ++compiled.literals;
            } else if (part.ends_with("...}")) {
                if (compiled.has_many) table_is_wrong(fmt::format("'{}' has two long parameters", route.id));
                compiled.has_many = true;
                compiled.segments.push_back({Segment::Kind::many, part.substr(1, part.size() - 5)});
            } else {
                compiled.segments.push_back({Segment::Kind::one, part.substr(1, part.size() - 2)});
            }
        }
        for (std::size_t i = 0; i < compiled_.size(); ++i) {
            if (routes_[i].id == route.id) table_is_wrong(fmt::format("two routes are called '{}'", route.id));
            if (routes_[i].method == route.method && routes_[i].pattern == route.pattern) {
                table_is_wrong(fmt::format("'{}' and '{}' have one pattern", routes_[i].id, route.id));
            }
        }
        if (!compiled.segments.empty() && compiled.segments.front().kind == Segment::Kind::literal) {
            by_first_segment_[to_lower(compiled.segments.front().text)];
        }
        compiled_.push_back(std::move(compiled));
    }
    for (std::size_t i = 0; i < compiled_.size(); ++i) {
        const auto& segments = compiled_[i].segments;
        if (!segments.empty() && segments.front().kind == Segment::Kind::literal) {
            by_first_segment_[to_lower(segments.front().text)].push_back(i);
            continue;
        }
        beginning_with_a_parameter_.push_back(i);
        for (auto& [segment, routes_there] : by_first_segment_) routes_there.push_back(i);
    }
}

const Router::Candidates& Router::candidates(std::string_view first_segment) const {
    const auto found = by_first_segment_.find(to_lower(first_segment));
    return found != by_first_segment_.end() ? found->second : beginning_with_a_parameter_;
}

Result<Router::Match> Router::find(http::Method method, std::string_view path) const {
    if (method == http::Method::head) method = http::Method::get;

    const auto not_readable = [] {
        return failure(ErrorCode::name_invalid, "The path has a broken percent escape, a NUL, '.' or '..'.");
    };
    Segments whole = split(path);                              // as sent
    boost::container::small_vector<std::size_t, 16> not_empty; // the same without empty segments
    std::forward_list<std::string> decoded_segments;           // what some of them look at
    if (whole.size() > most_segments) return failure(ErrorCode::name_invalid, "The path has too many segments.");
    for (std::string_view& segment : whole) {
        if (!is_plain(segment)) {
            auto decoded = percent_decode(segment);
            if (!decoded) return not_readable();
            segment = decoded_segments.emplace_front(std::move(*decoded));
        }
        if (segment == "." || segment == "..") return not_readable();
        if (!segment.empty()) not_empty.push_back(static_cast<std::size_t>(&segment - whole.data()));
    }

    const auto segment_count = [&](const Route& route) {
        return ignores_case(route.protocol) ? not_empty.size() : whole.size();
    };
    const auto segment_at = [&](const Route& route, std::size_t i) {
        return ignores_case(route.protocol) ? whole[not_empty[i]] : whole[i];
    };
    const auto equal = [](const Route& route, std::string_view literal, std::string_view text) {
        return ignores_case(route.protocol) ? equals_ignoring_case(literal, text) : literal == text;
    };

    const auto matches = [&](std::size_t index) {
        const Route& route = routes_[index];
        const Compiled& compiled = compiled_[index];
        const std::size_t have = segment_count(route);
        const std::size_t want = compiled.segments.size();
        if (compiled.has_many ? have < want : have != want) return false;
        const std::size_t extra = have - want;
        std::size_t at = 0;
        for (const Segment& segment : compiled.segments) {
            if (segment.kind == Segment::Kind::literal && !equal(route, segment.text, segment_at(route, at))) return false;
            if (segment.kind == Segment::Kind::one) {
                const std::string_view text = segment_at(route, at);
                // An encoded slash would smuggle segments into what is read as one: a scope, a name.
                if (text.empty() || text.contains('/')) return false;
            }
            at += segment.kind == Segment::Kind::many ? extra + 1 : 1;
        }
        return true;
    };

    std::optional<std::size_t> best;
    boost::json::array allowed;
    for (const std::size_t i : candidates(not_empty.empty() ? std::string_view() : whole[not_empty.front()])) {
        if (!matches(i)) continue;
        if (routes_[i].method != method) {
            allowed.push_back(boost::json::value(http::to_string(routes_[i].method)));
            if (routes_[i].method == http::Method::get) allowed.push_back("HEAD");
        } else if (!best || compiled_[i].literals > compiled_[*best].literals) {
            best = i;
        }
    }
    if (!best) {
        if (allowed.empty()) return failure(ErrorCode::route_unknown, "There is nothing at this path.");
        return failure(ErrorCode::method_not_allowed, "This path does not take that method.", std::move(allowed));
    }

    Match match{&routes_[*best], {}};
    match.parameters.reserve(compiled_[*best].segments.size());
    std::size_t at = 0;
    const std::size_t extra = segment_count(*match.route) - compiled_[*best].segments.size();
    for (const Segment& segment : compiled_[*best].segments) {
        const std::size_t width = segment.kind == Segment::Kind::many ? extra + 1 : 1;
        if (segment.kind != Segment::Kind::literal) {
            std::string value;
            for (std::size_t i = 0; i < width; ++i) {
                if (i > 0) value += '/';
                value += segment_at(*match.route, at + i);
            }
            match.parameters.emplace_back(segment.text, std::move(value));
        }
        at += width;
    }
    return match;
}

Protocol Router::protocol_of(std::string_view path) noexcept {
    const auto begins = [&](std::string_view prefix) {
        return starts_with_ignoring_case(path, prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
    };
    if (begins("/v2") || begins("/acr")) return Protocol::registry;
    if (begins("/oauth2")) return Protocol::registry_token;
    if (begins("/v1.0")) return Protocol::graph;
    if (begins("/subscriptions") || begins("/providers") || begins("/tenants") || begins("/metadata")) {
        return Protocol::resource_manager;
    }
    if (begins("/berth") || begins("/metrics") || path.size() <= 1) return Protocol::berth;
    return Protocol::sign_in;
}

} // namespace berth::gateway
