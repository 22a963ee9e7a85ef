#include "rbac/condition.hpp"

namespace berth::rbac {
namespace {

class Never final : public Condition {
public:
    explicit Never(std::string_view text) : Condition(text) {}
    bool holds(Operation /*operation*/, const Attributes& /*attributes*/) const noexcept override { return false; }
    NameSelection repositories(Operation /*operation*/) const override { return NameSelection::nothing(); }
};

} // namespace

Result<std::shared_ptr<const Condition>> Condition::parse(std::string_view text) { return never(text); }

std::shared_ptr<const Condition> Condition::never(std::string_view text) { return std::make_shared<const Never>(text); }

} // namespace berth::rbac
