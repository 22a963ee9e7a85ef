#include "control_plane/api_version.hpp"

#include "control_plane/errors.hpp"
#include "gateway/context.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>

namespace berth::control_plane {
namespace {

constexpr std::array<std::string_view, 5> suffixes{"", "-preview", "-alpha", "-beta", "-privatepreview"};
constexpr std::size_t date_size = 10; // YYYY-MM-DD
constexpr int first_year = 2014;

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

gateway::Handler check_api_version(gateway::Handler handler) {
    return [handler = std::move(handler)](gateway::Context& context) { return run(handler, context); };
}

} // namespace berth::control_plane
