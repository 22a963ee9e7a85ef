#pragma once

#include "rbac/condition.hpp"
#include "rbac/condition_tree.hpp"
#include "rbac/operation_set.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace berth::rbac {

/// A condition made ready to be asked: its tests in a row, each with the test to go to when it is true and when it is
/// false. AND, OR and NOT are in those two ways only; asking walks one path and allocates nothing.
class ConditionProgram final : public Condition {
public:
    ConditionProgram(std::string_view text, ConditionNode&& tree);

    bool holds(Operation operation, const Attributes& attributes) const noexcept override;
    NameSelection repositories(Operation operation) const override;

private:
    using Place = std::uint16_t; // in `tests_`, or one of the two ends; a test leads to lower places only
    static constexpr Place held = 0xFFFF;
    static constexpr Place not_held = 0xFFFE;

    enum class Kind : std::uint8_t { action, exists, comparison };
    struct Test {
        Kind kind;
        Place if_true;
        Place if_false;
        std::uint32_t index; // in the vector of its kind
    };

    Place place(ConditionNode&& node, Place if_true, Place if_false);
    Place append(Kind kind, std::size_t index, Place if_true, Place if_false);

    Place first_ = not_held;
    std::vector<Test> tests_;
    std::vector<OperationSet> actions_;
    std::vector<ConditionAttribute> attributes_;
    std::vector<ConditionComparison> comparisons_;
};

/// Whether a comparison is true in that request. False, also with a negated operator, when a side has no value or one
/// of another type, and when an operator without a quantifier meets several values.
bool compare(const ConditionComparison& comparison, const Attributes& attributes) noexcept;
/// The repository names for which a comparison can be `outcome`: every one of them, perhaps more.
NameSelection names_with(const ConditionComparison& comparison, bool outcome);

} // namespace berth::rbac
