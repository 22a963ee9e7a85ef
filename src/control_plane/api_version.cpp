#include "control_plane/api_version.hpp"

#include "base/encoding.hpp"
#include "control_plane/errors.hpp"
#include "gateway/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>

namespace berth::control_plane {
namespace {

constexpr std::array<std::string_view, 5> suffixes{"", "-preview", "-alpha", "-beta", "-privatepreview"};
constexpr std::size_t date_size = 10; // YYYY-MM-DD
constexpr int first_year = 2014;

// What a provider's versions are made of: the first and the newest stable one, and the previews between them.
struct Provider {
    std::string_view name;
    std::string_view first;
    std::string_view newest;
    std::span<const std::string_view> previews; // without "-preview"
};

constexpr std::array<std::string_view, 19> registry_previews{
    "2017-06-01", "2018-02-01", "2019-05-01", "2019-06-01", "2019-12-01", "2020-11-01", "2021-06-01",
    "2021-08-01", "2021-12-01", "2022-02-01", "2023-01-01", "2023-06-01", "2023-08-01", "2023-11-01",
    "2024-11-01", "2025-03-01", "2025-05-01", "2025-06-01", "2026-09-01"};
constexpr std::array<std::string_view, 22> authorization_previews{
    "2014-07-01", "2014-10-01", "2015-05-01", "2015-06-01", "2017-10-01", "2018-01-01", "2018-05-01", "2018-07-01",
    "2018-09-01", "2019-04-01", "2019-08-01", "2020-03-01", "2020-04-01", "2020-08-01", "2020-10-01", "2021-01-01",
    "2021-03-01", "2021-07-01", "2021-12-01", "2022-05-01", "2022-08-01", "2024-07-01"};
constexpr std::array<std::string_view, 4> management_previews{"2017-08-31", "2017-11-01", "2018-01-01", "2018-03-01"};
constexpr std::array<std::string_view, 6> identity_previews{"2015-08-31", "2021-09-30", "2022-01-31",
                                                            "2023-07-31", "2025-01-31", "2025-05-31"};
constexpr std::array<std::string_view, 4> subscription_previews{"2017-11-01", "2018-03-01", "2018-11-01", "2019-10-01"};
constexpr std::array<std::string_view, 2> insights_previews{"2014-11-01", "2017-03-01"};
constexpr std::array<std::string_view, 2> resources_previews{"2014-04-01", "2020-10-01"};

constexpr std::array<std::string_view, 2> features_previews{"2014-08-01", "2015-12-01"};

constexpr std::array<Provider, 8> providers{{
    {"Microsoft.ContainerRegistry", "2017-03-01", "2025-11-01", registry_previews},
    {"Microsoft.Authorization", "2014-04-01", "2022-04-01", authorization_previews},
    {"Microsoft.Management", "2018-03-01", "2023-04-01", management_previews},
    {"Microsoft.ManagedIdentity", "2015-08-31", "2024-11-30", identity_previews},
    {"Microsoft.Subscription", "2016-06-01", "2021-10-01", subscription_previews},
    {"Microsoft.Features", "2014-08-01", "2021-07-01", features_previews},
    {"Microsoft.Insights", "2014-04-01", "2015-04-01", insights_previews},
    {"Microsoft.Resources", "2014-04-01", "2025-04-01", resources_previews},
}};

const Provider* find_provider(std::string_view name) noexcept {
    const auto* found =
        std::ranges::find_if(providers, [&](const Provider& one) { return equals_ignoring_case(one.name, name); });
    return found == providers.end() ? nullptr : found;
}

// Some that there are, for who asked for another one.
std::string known_versions(const Provider& provider) {
    return fmt::format("{}, {}-preview", provider.newest, provider.previews.back());
}

bool read_number(std::string_view digits, int& out) noexcept {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return error == std::errc() && end == digits.data() + digits.size() && out > 0;
}

Task<Result<http::Response>> run(const gateway::Handler& handler, gateway::Context& context) {
    const std::string version(context.query().find("api-version").value_or(""));
    if (!is_api_version(version)) {
        co_return arm_failure(ErrorCode::invalid_parameter, "InvalidApiVersionParameter",
                              fmt::format("The api-version '{}' is invalid. Use a date of Azure's, such as '2025-11-01' for "
                                          "registries or '2022-04-01' for role assignments.",
                                          version));
    }
    const std::string_view provider = provider_of_pattern(context.route().pattern);
    if (!is_served_version(provider, version)) {
        co_return arm_failure(
            ErrorCode::invalid_parameter, "InvalidResourceType",
            fmt::format("The resource type could not be found in the namespace '{}' for api version '{}'. The supported "
                        "api-versions are those from '{}' on, '{}' and newer ones among them.",
                        provider, version, find_provider(provider)->first, known_versions(*find_provider(provider))));
    }
    auto running = handler(context);
    co_return co_await std::move(running);
}

} // namespace

bool is_api_version(std::string_view text) noexcept {
    if (text.size() < date_size || text[4] != '-' || text[7] != '-') return false;
    int year = 0;
    int month = 0;
    int day = 0;
    if (!read_number(text.substr(0, 4), year) || !read_number(text.substr(5, 2), month) ||
        !read_number(text.substr(8, 2), day) || year < first_year) {
        return false;
    }
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    return date.ok() && std::ranges::find(suffixes, text.substr(date_size)) != suffixes.end();
}

bool is_served_version(std::string_view provider, std::string_view version) noexcept {
    if (!is_api_version(version)) return false;
    const Provider* known = find_provider(provider);
    if (known == nullptr) return true;
    const std::string_view date = version.substr(0, date_size);
    const std::string_view suffix = version.substr(date_size);
    if (date < known->first && !suffix.starts_with("-preview")) return false;
    if (suffix.empty() || date > std::max(known->newest, known->previews.back())) return true;
    return suffix == "-preview" && std::ranges::find(known->previews, date) != known->previews.end();
}

std::string_view provider_of_pattern(std::string_view pattern) noexcept {
    constexpr std::string_view before = "providers/";
    std::string_view out = "Microsoft.Resources";
    for (std::size_t at = pattern.find(before); at != std::string_view::npos; at = pattern.find(before, at + 1)) {
        const std::string_view rest = pattern.substr(at + before.size());
        const std::string_view name = rest.substr(0, rest.find('/'));
        if (!name.starts_with('{')) out = name;
    }
    return out;
}

gateway::Handler check_api_version(gateway::Handler handler) {
    return [handler = std::move(handler)](gateway::Context& context) { return run(handler, context); };
}

} // namespace berth::control_plane
