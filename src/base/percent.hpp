#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth {

/// Decodes `%XX` (RFC 3986 section 2.1). nullopt for a broken escape, a NUL, escaped or not, or
/// what is no UTF-8 then. `+` stays a plus.
std::optional<std::string> percent_decode(std::string_view text);
/// Encodes everything but the unreserved characters of RFC 3986 section 2.3.
std::string percent_encode(std::string_view text);

/// The name=value pairs of a query or an `application/x-www-form-urlencoded` body, decoded, in their order; `+` is a
/// space.
class Parameters {
public:
    /// nullopt for a broken escape, a NUL, what is no UTF-8, or more than 256 pairs.
    static std::optional<Parameters> parse(std::string_view text);

    /// The first value of that name.
    std::optional<std::string_view> find(std::string_view name) const noexcept;
    /// All values of that name.
    std::vector<std::string_view> all(std::string_view name) const;
    const std::vector<std::pair<std::string, std::string>>& pairs() const noexcept { return pairs_; }

private:
    std::vector<std::pair<std::string, std::string>> pairs_;
};

} // namespace berth
