#include "rbac/condition.hpp"

#include "rbac/condition_parser.hpp"
#include "rbac/condition_program.hpp"

#include <fmt/format.h>

#include <utility>

namespace berth::rbac {
namespace {

class Never final : public Condition {
public:
    explicit Never(std::string_view text) : Condition(text) {}
    bool holds(Operation /*operation*/, const Attributes& /*attributes*/) const noexcept override { return false; }
    NameSelection repositories(Operation /*operation*/) const override { return NameSelection::nothing(); }
};

} // namespace

Result<std::shared_ptr<const Condition>> Condition::parse(std::string_view text) {
    if (text.size() > longest) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("The condition has {} bytes, and {} are the most: shorten it, or split it into several role "
                                   "assignments.",
                                   text.size(), longest));
    }
    auto tree = parse_condition(text);
    if (!tree) return failure(std::move(tree));
    return std::make_shared<const ConditionProgram>(text, std::move(*tree));
}

std::shared_ptr<const Condition> Condition::never(std::string_view text) { return std::make_shared<const Never>(text); }

} // namespace berth::rbac
