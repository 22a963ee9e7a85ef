#include "base/time.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace berth {
namespace {

struct Fields {
    std::chrono::year_month_day date;
    std::chrono::hh_mm_ss<std::chrono::microseconds> clock;
};

Fields fields_of(Timestamp time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss<std::chrono::microseconds>(time - day)};
}

// Reads exactly `digits` digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
    if (error != std::errc{} || end != text.data() + digits || text.front() == '-') return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

} // namespace

std::string to_rfc3339(Timestamp time) {
    const Fields f = fields_of(time);
    std::string out = "0000-00-00T00:00:00.0000000Z";
    // Each line of the log has one: digits without a format string. Years of four digits are all that is ever parsed.
    const auto put = [&out](std::size_t begin, std::size_t count, auto number) {
        auto left = static_cast<std::uint64_t>(number);
        for (std::size_t at = begin + count; at > begin; left /= 10) out[--at] = static_cast<char>('0' + left % 10);
    };
    put(0, 4, static_cast<int>(f.date.year()));
    put(5, 2, static_cast<unsigned>(f.date.month()));
    put(8, 2, static_cast<unsigned>(f.date.day()));
    put(11, 2, f.clock.hours().count());
    put(14, 2, f.clock.minutes().count());
    put(17, 2, f.clock.seconds().count());
    put(20, 6, f.clock.subseconds().count());
    return out;
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
    const auto year = take_number(text, 4);
    if (!year || !take(text, "-")) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !take(text, "-")) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day || !take(text, "Tt ")) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ":")) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || !take(text, ":")) return std::nullopt;
    const auto second = take_number(text, 2);
    if (!second) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;

    std::int64_t microseconds = 0;
    if (take(text, ".")) {
        std::int64_t unit = 100'000;
        bool any = false;
        while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
            microseconds += (text.front() - '0') * unit;
            unit /= 10;
            any = true;
            text.remove_prefix(1);
        }
        if (!any) return std::nullopt;
    }

    std::chrono::minutes offset{0};
    if (!take(text, "Zz")) {
        const bool west = !text.empty() && text.front() == '-';
        if (!take(text, "+-")) return std::nullopt;
        const auto hours = take_number(text, 2);
        if (!hours || !take(text, ":")) return std::nullopt;
        const auto minutes = take_number(text, 2);
        if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
        offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
        if (west) offset = -offset;
    }
    if (!text.empty()) return std::nullopt;
    return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second) + std::chrono::microseconds(microseconds) - offset;
}

std::string to_http_date(Timestamp time) {
    static constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const Fields f = fields_of(time);
    const std::chrono::weekday weekday{std::chrono::floor<std::chrono::days>(time)};
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[weekday.c_encoding()],
                       static_cast<unsigned>(f.date.day()), months[static_cast<unsigned>(f.date.month()) - 1],
                       static_cast<int>(f.date.year()), f.clock.hours().count(), f.clock.minutes().count(),
                       f.clock.seconds().count());
}

} // namespace berth
