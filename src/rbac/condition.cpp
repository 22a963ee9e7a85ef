#include "rbac/condition.hpp"

namespace berth::rbac {

bool condition_holds(std::string_view /*condition*/, const ConditionRequest& /*request*/) noexcept { return false; }

} // namespace berth::rbac
