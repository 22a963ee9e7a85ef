#include "app/client/command.hpp"

#include <fmt/format.h>

#include <charconv>

namespace berth::app {

std::string Argument::key() const {
    const std::string longest = name.substr(name.rfind(',') + 1);
    return longest.substr(std::min(longest.find_first_not_of('-'), longest.size()));
}

std::string Values::text(std::string_view key) const {
    const auto& all = occurrences(key);
    return all.empty() || all.front().empty() ? std::string() : all.front().front();
}

std::vector<std::string> Values::list(std::string_view key) const {
    std::vector<std::string> out;
    for (const auto& occurrence : occurrences(key)) out.insert(out.end(), occurrence.begin(), occurrence.end());
    return out;
}

const Values::Occurrences& Values::occurrences(std::string_view key) const {
    static const Occurrences none;
    const auto found = values_.find(key);
    return found != values_.end() ? found->second : none;
}

Result<std::int64_t> number(const Values& values, std::string_view key, std::int64_t least, std::int64_t most,
                            std::int64_t otherwise) {
    if (!values.given(key)) return otherwise;
    const std::string text = values.text(key);
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error == std::errc() && end == text.data() + text.size() && out >= least && out <= most) return out;
    return failure(ErrorCode::invalid_parameter,
                   fmt::format("--{} takes a whole number from {} to {}, not '{}'.", key, least, most, text));
}

} // namespace berth::app
