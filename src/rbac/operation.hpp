#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace berth::rbac {

/// One operation of a resource provider, such as `Microsoft.ContainerRegistry/registries/pull/read`, by its number in
/// the table of known operations. Actions and data actions are separate namespaces.
class Operation {
public:
    /// The known operation of that name, without regard to case; nullopt if berth does not know it.
    static std::optional<Operation> find(std::string_view name, bool is_data_action) noexcept;
    /// The same for a name written in this program: ends the process if the table lacks it, so that a misspelled
    /// operation cannot start.
    static Operation known(std::string_view name, bool is_data_action = false) noexcept;
    /// How many there are; numbers run from 0. Numbers are those of this program's table: they are not stored.
    static std::size_t count() noexcept;
    /// The operation of a number below `count()`.
    static Operation at(std::size_t number) noexcept;

    /// As Azure spells it.
    std::string_view name() const noexcept;
    bool is_data_action() const noexcept;
    std::size_t number() const noexcept { return number_; }
    auto operator<=>(const Operation&) const = default;

private:
    explicit constexpr Operation(std::uint16_t number) noexcept : number_(number) {}
    std::uint16_t number_;
};

/// Whether an action pattern of a role definition matches the name: no regard to ASCII case, `*` is any run of
/// characters, `/` and nothing included, anchored at both ends. Linear in the two lengths for one `*`, never
/// exponential.
bool matches_action(std::string_view pattern, std::string_view name) noexcept;

/// Whether it matches the operation: its name, or for a few operations with the name of a resource inside, which Azure's own
/// roles put a `*` for (`userAssignedIdentities/*/assign/action`). Which namespace the pattern is of is the caller's to know.
bool matches_operation(std::string_view pattern, Operation operation) noexcept;

} // namespace berth::rbac
