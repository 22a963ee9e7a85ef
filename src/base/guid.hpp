#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

/// A GUID in its canonical text: 36 characters, lower case, dashes.
class Guid {
public:
    /// Accepts either letter case, with dashes only; nullopt for anything else.
    static std::optional<Guid> parse(std::string_view text);
    /// A random one (RFC 9562 version 4).
    static Guid random();

    const std::string& value() const noexcept { return value_; }
    /// The 32 digits without dashes, as registry ids are written in tokens.
    std::string compact() const;
    /// Whether the text is what `compact` gives.
    bool is_compact(std::string_view text) const noexcept;
    auto operator<=>(const Guid&) const = default;

private:
    explicit Guid(std::string value) noexcept : value_(std::move(value)) {}
    std::string value_;
};

} // namespace berth

template <>
struct std::hash<berth::Guid> {
    std::size_t operator()(const berth::Guid& guid) const noexcept { return std::hash<std::string>{}(guid.value()); }
};
