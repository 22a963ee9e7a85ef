#include "sign_in/person_password.hpp"

#include "base/guid.hpp"
#include "sign_in/entra_error.hpp"

namespace berth::sign_in {

using gateway::Context;
using gateway::Services;

Task<Result<identity::VerifiedPrincipal>> verify_person(const Services& services, const Context& context, std::string_view name,
                                                        std::string_view password) {
    constexpr std::string_view wrong = "Error validating credentials due to invalid username or password.";
    if (Guid::parse(name)) co_return invalid_grant(50126, wrong); // a program's name
    const auto world = services.tenancy.world();
    const std::string_view address = context.request().remote_address;
    auto verified = co_await services.credentials.verify_principal(*world, name, password, address);
    if (verified) co_return verified;
    switch (verified.error().code) {
    case ErrorCode::invalid_credentials: co_return invalid_grant(50126, wrong);
    case ErrorCode::too_many_requests: co_return invalid_grant(50053, verified.error().message);
    default: co_return failure(std::move(verified));
    }
}

} // namespace berth::sign_in
