#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"

#include <compare>
#include <string>
#include <string_view>
#include <variant>

namespace berth {

/// `<name>` of the OCI distribution specification: path components of `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` joined by
/// `/`, at most 255 bytes in all.
class RepositoryName {
public:
    /// `name_invalid` for anything else.
    static Result<RepositoryName> parse(std::string_view text);
    const std::string& value() const noexcept { return value_; }
    auto operator<=>(const RepositoryName&) const = default;

private:
    explicit RepositoryName(std::string value) noexcept : value_(std::move(value)) {}
    std::string value_;
};

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` (OCI distribution specification, "Pulling manifests").
class Tag {
public:
    /// `tag_invalid` for anything else.
    static Result<Tag> parse(std::string_view text);
    const std::string& value() const noexcept { return value_; }
    auto operator<=>(const Tag&) const = default;

private:
    explicit Tag(std::string value) noexcept : value_(std::move(value)) {}
    std::string value_;
};

/// `<reference>` of a manifest: a digest if it has a colon, a tag otherwise.
using Reference = std::variant<Tag, Digest>;
/// `digest_invalid` or `tag_invalid`.
Result<Reference> parse_reference(std::string_view text);

/// The name of a registry resource as Azure checks it: 5 to 50 ASCII letters and digits. Compared without regard to case.
bool is_registry_name(std::string_view text) noexcept;
/// The name of a resource group as Azure checks it: 1 to 90 of letters, digits, `_ - . ( )`, not ending in a period.
bool is_resource_group_name(std::string_view text) noexcept;

} // namespace berth
