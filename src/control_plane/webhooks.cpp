#include "control_plane/webhooks.hpp"

#include "base/encoding.hpp"
#include "base/names.hpp"
#include "base/strict_json.hpp"
#include "control_plane/errors.hpp"
#include "control_plane/registry_children.hpp"
#include "gateway/response.hpp"
#include "outbound/target_url.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth::control_plane {
namespace {

using boost::json::object;
using boost::json::value;
using gateway::Context;
using gateway::Services;
using http::Response;
using Kind = Property::Kind;
using storage::Session;
using tenant::Resource;

constexpr std::string_view sealed_for = "webhook callback";
constexpr std::string_view callback = "callback"; // the property that holds it, sealed
constexpr std::size_t most_headers = 50;
constexpr std::size_t longest_header = 4096;
constexpr std::array<std::string_view, 5> events{"push", "delete", "quarantine", "chart_push", "chart_delete"};

bool is_valid_name(std::string_view name) { return is_registry_name(name); }

bool is_event(std::string_view text) { return std::ranges::find(events, text) != events.end(); }

// `repository`, `repository:tag`, `repository:*`, or nothing for all.
bool is_scope(std::string_view text) {
    if (text.empty()) return true;
    const std::size_t colon = std::min(text.find(':'), text.size());
    if (!RepositoryName::parse(text.substr(0, colon))) return false;
    if (colon == text.size()) return true;
    const std::string_view tag = text.substr(colon + 1);
    return tag == "*" || Tag::parse(tag).has_value();
}

bool is_header_name(std::string_view name) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~"; // RFC 9110 section 5.6.2
    return !name.empty() && name.size() <= longest_header && std::ranges::all_of(name, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.contains(c);
    });
}

bool is_header_value(std::string_view text) {
    return text.size() <= longest_header &&
           std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

Result<object> parse_headers(const value& headers) {
    if (!headers.is_object() || headers.get_object().size() > most_headers) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("The property 'properties.customHeaders' must be an object of at most {} names and string "
                                   "values.",
                                   most_headers));
    }
    for (const auto& [name, text] : headers.get_object()) {
        if (!is_header_name(name) || !text.is_string() || !is_header_value(text.get_string())) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("The header '{}' in 'properties.customHeaders' is none: its name is a word, its value "
                                       "one line.",
                                       is_header_name(name) ? std::string_view(name) : std::string_view()));
        }
    }
    return headers.get_object();
}

class Callbacks {
public:
    explicit Callbacks(const identity::Seal& seal) : seal_(&seal) {}

    Result<object> open(const Resource& webhook) const {
        const value* kept = webhook.properties.if_contains(callback);
        const auto bytes = kept != nullptr && kept->is_string() ? from_base64(kept->get_string()) : std::nullopt;
        if (!bytes) return object{{"serviceUri", ""}, {"customHeaders", object{}}};
        auto plain = seal_->unseal(sealed_for, *bytes);
        if (!plain) {
            return failure(ErrorCode::internal, "The webhook's address was sealed with another key than this program's.");
        }
        auto json = parse_json(as_text(*plain));
        if (!json || !json->is_object()) return failure(ErrorCode::internal, "A webhook's address is damaged.");
        return json->get_object();
    }
    std::string close(const object& config) const {
        const std::string plain = boost::json::serialize(config);
        return to_base64(seal_->seal(sealed_for, as_bytes(plain)));
    }

private:
    const identity::Seal* seal_;
};

// PUT names the address anew; PATCH leaves what it does not name.
Result<void> take_callback(const Callbacks& callbacks, Resource& next, const Resource* before, const value& sent) {
    object config{{"serviceUri", ""}, {"customHeaders", object{}}};
    const bool replaced = !next.properties.contains(callback);
    if (before != nullptr && !replaced) {
        auto opened = callbacks.open(*before);
        if (!opened) return failure(std::move(opened));
        config = std::move(*opened);
    }
    if (const value* uri = find_member(sent, "serviceUri")) {
        if (!uri->is_string() || !outbound::TargetUrl::parse(uri->get_string())) {
            return failure(ErrorCode::invalid_parameter, "The property 'properties.serviceUri' must be an http or https URL "
                                                         "without user and password.");
        }
        config["serviceUri"] = *uri;
    } else if (replaced) {
        return failure(ErrorCode::invalid_parameter, "The property 'properties.serviceUri' is required.");
    }
    if (const value* headers = find_member(sent, "customHeaders")) {
        auto parsed = parse_headers(*headers);
        if (!parsed) return failure(std::move(parsed));
        config["customHeaders"] = std::move(*parsed);
    }
    next.properties[callback] = callbacks.close(config);
    return {};
}

Task<Result<Response>> get_callback_config(Callbacks callbacks, const Resource& webhook) {
    auto config = callbacks.open(webhook);
    if (!config) co_return failure(std::move(config));
    co_return gateway::json_response(200, *config);
}

Task<Result<Response>> ping(const Services&, Context&, const Resource& webhook) {
    co_return failure(
        ErrorCode::unsupported,
        fmt::format("The webhook '{}' is kept, but this version of berth sends no events yet, and no ping either. "
                    "Nothing was sent.",
                    webhook.name));
}

Task<Result<Response>> list_events(const Services&, Context&, const Resource&) { co_return gateway::list_response({}); }

} // namespace

ResourceType webhooks(const identity::Seal& seal) {
    const Callbacks callbacks(seal);
    return {
        .name = webhook_type,
        .operations = webhook_type,
        .noun = "webhook",
        .event = "webhook",
        .is_valid_name = is_valid_name,
        .name_rule = "The webhook name '{}' is not valid. It has 5 to 50 letters and digits.",
        .properties = {{.name = "status", .kind = Kind::choice, .initial = "enabled", .choices = {"enabled", "disabled"}},
                       {.name = "scope",
                        .kind = Kind::text,
                        .initial = "",
                        .check = is_scope,
                        .rule = "is 'repository', 'repository:tag', 'repository:*', or empty for all repositories."},
                       {.name = "actions",
                        .kind = Kind::texts,
                        .least = 1,
                        .most = static_cast<std::int64_t>(events.size()),
                        .check = is_event,
                        .rule = "Write push, delete, quarantine, chart_push or chart_delete.",
                        .required = true},
                       {.name = "provisioningState", .initial = "Succeeded"},
                       {.name = callback}},
        .actions = {{.name = "getCallbackConfig",
                     .operation = "Microsoft.ContainerRegistry/registries/webhooks/getCallbackConfig/action",
                     .run = [callbacks](const Services&, Context&,
                                        const Resource& webhook) { return get_callback_config(callbacks, webhook); },
                     .summary = "Shows a webhook's address and headers"},
                    {.name = "ping",
                     .operation = "Microsoft.ContainerRegistry/registries/webhooks/ping/action",
                     .run = ping,
                     .summary = "Refused: nothing is delivered yet"},
                    {.name = "listEvents",
                     .operation = "Microsoft.ContainerRegistry/registries/webhooks/listEvents/action",
                     .run = list_events,
                     .summary = "Lists what was delivered: nothing yet"}},
        .before_write = [callbacks](Session& session, Resource& next, const Resource* before,
                                    const value& sent) -> Result<void> {
            auto registry = registry_of(session, next);
            if (!registry) return failure(std::move(registry));
            auto limit = check_limit(session, *registry, webhook_type, "webhooks", before, most_webhooks(*registry));
            if (!limit) return limit;
            return take_callback(callbacks, next, before, sent);
        },
        .show = [](const Services&, const Resource&, object& properties) { properties.erase(callback); },
        .api_versions = {"2026-09-01-preview", "2025-11-01", "2023-07-01", "2022-12-01", "2022-02-01-preview", "2019-05-01",
                         "2017-10-01"},
    };
}

} // namespace berth::control_plane
