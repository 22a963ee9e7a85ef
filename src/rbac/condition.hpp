#pragma once

#include "base/result.hpp"
#include "rbac/attributes.hpp"
#include "rbac/name_selection.hpp"
#include "rbac/operation.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace berth::rbac {

/// A condition of a role assignment, or of a permission object of a role definition, in Azure's language for them,
/// version 2.0. Immutable: share it freely between threads.
class Condition {
public:
    static constexpr std::size_t longest = 8 * 1024; ///< bytes

    /// `invalid_parameter` with what is wrong at which position, and what would be right.
    static Result<std::shared_ptr<const Condition>> parse(std::string_view text);
    /// What is kept of a text that was stored and cannot be read: it never holds.
    static std::shared_ptr<const Condition> never(std::string_view text);

    virtual ~Condition() = default;
    /// As it was written.
    const std::string& text() const noexcept { return text_; }
    /// Whether it lets this request pass. What it asks for and the request does not have makes a comparison false.
    virtual bool holds(Operation operation, const Attributes& attributes) const noexcept = 0;
    /// The repositories that it could let the operation reach, whatever else the request is about: every name for which
    /// `holds` can be true is in it. What is not understood counts as every name.
    virtual NameSelection repositories(Operation operation) const = 0;

protected:
    explicit Condition(std::string_view text) : text_(text) {}

private:
    std::string text_;
};

using ConditionPointer = std::shared_ptr<const Condition>; ///< null: no condition

} // namespace berth::rbac
