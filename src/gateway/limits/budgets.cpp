#include "gateway/limits/budgets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace berth::gateway {
namespace {

constexpr std::array<std::string_view, request_kinds> names{"read", "write", "delete", "referrers", "oauth"};

std::optional<std::uint32_t> parse_number(std::string_view text) {
    std::uint32_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size() || out > Budgets::most) return std::nullopt;
    return out;
}

} // namespace

std::string_view to_string(RequestKind kind) noexcept { return names[static_cast<std::size_t>(kind)]; }

bool Budgets::any() const noexcept {
    return std::ranges::any_of(per_minute, [](std::uint32_t number) { return number > 0; });
}

Result<Budgets> Budgets::parse(std::string_view text) {
    Budgets out;
    std::array<bool, request_kinds> named{};
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find(','));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        const std::size_t equals = std::min(part.find('='), part.size());
        const auto name = std::ranges::find(names, part.substr(0, equals));
        const auto index = static_cast<std::size_t>(name - names.begin());
        const auto number = parse_number(part.substr(std::min(equals + 1, part.size())));
        if (name == names.end() || !number || std::exchange(named[index], true)) {
            return failure(ErrorCode::invalid_parameter,
                           fmt::format("'{}' is no budget: write requests a minute as kind=number, each kind (read, write, "
                                       "delete, referrers, oauth) once, separated by commas.",
                                       part));
        }
        out.per_minute[index] = *number;
    }
    return out;
}

} // namespace berth::gateway
