#pragma once

#include "base/guid.hpp"

#include <span>

namespace berth::rbac {

/// Who is asked about: a principal and, beside it, links: members of groups that stand for the principal in this request alone,
/// because a token of an outside issuer says so. What a link is a member of, the principal is in: for assignments, deny
/// assignments and exclusions alike. What names a link itself is nobody's. A view: what it is made of outlives it.
class Subject {
public:
    /// Implicit, so that a principal is asked about by its id.
    Subject(const Guid& principal, std::span<const Guid> links = {}) noexcept // NOLINT(google-explicit-constructor)
        : principal_(&principal), links_(links) {}

    const Guid& principal() const noexcept { return *principal_; }
    /// In any order; the same one twice, or one that the policy does not know, is harmless.
    std::span<const Guid> links() const noexcept { return links_; }

private:
    const Guid* principal_;
    std::span<const Guid> links_;
};

} // namespace berth::rbac
