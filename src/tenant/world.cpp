#include "tenant/world.hpp"

#include "base/encoding.hpp"

namespace berth::tenant {
namespace {

constexpr std::size_t max_host_size = 255; // RFC 1035 section 2.3.4

// "host:5000" and "[::1]:5000" without the port.
std::string_view without_port(std::string_view host) noexcept {
    const auto colon = host.rfind(':');
    if (colon == std::string_view::npos) return host;
    const auto bracket = host.rfind(']');
    if (bracket != std::string_view::npos && bracket > colon) return host;
    return host.substr(0, colon);
}

// ASCII lower case in a buffer on the stack: hosts and user names are looked up on every request.
class Lowered {
public:
    explicit Lowered(std::string_view text) noexcept : size_(std::min(text.size(), buffer_.size())) {
        for (std::size_t i = 0; i < size_; ++i) {
            const char c = text[i];
            buffer_[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
        }
    }
    std::string_view view() const noexcept { return {buffer_.data(), size_}; }

private:
    std::array<char, max_host_size> buffer_;
    std::size_t size_;
};

} // namespace

std::string_view to_string(PrincipalKind kind) noexcept {
    switch (kind) {
    case PrincipalKind::user: return "User";
    case PrincipalKind::group: return "Group";
    case PrincipalKind::service_principal: break;
    }
    return "ServicePrincipal";
}

std::optional<PrincipalKind> parse_principal_kind(std::string_view text) noexcept {
    for (const auto kind : {PrincipalKind::user, PrincipalKind::group, PrincipalKind::service_principal}) {
        if (to_string(kind) == text) return kind;
    }
    return std::nullopt;
}

World::World(std::uint64_t version_number, Guid tenant, std::string name, std::vector<Subscription> all_subscriptions,
             std::vector<Registry> registries, std::vector<Principal> principals,
             std::shared_ptr<const rbac::Policy> compiled_policy)
    : version(version_number), tenant_id(std::move(tenant)), tenant_name(std::move(name)),
      subscriptions(std::move(all_subscriptions)), policy(std::move(compiled_policy)), registries_(std::move(registries)),
      principals_(std::move(principals)) {
    // Where two registries share a host name (told apart by port), the older one gets the name without a port.
    for (std::size_t i = 0; i < registries_.size(); ++i) {
        const Registry& registry = registries_[i];
        by_host_.insert_or_assign(registry.login_server, i);
        by_scope_.emplace(registry.scope.key(), i);
        by_registry_.emplace(registry.id, i);
        by_row_.emplace(registry.row, i);
    }
    for (std::size_t i = 0; i < registries_.size(); ++i) {
        by_host_.emplace(without_port(registries_[i].login_server), i);
    }
    for (std::size_t i = 0; i < principals_.size(); ++i) {
        const Principal& principal = principals_[i];
        by_principal_.emplace(principal.id, i);
        if (principal.application_id) by_application_.emplace(*principal.application_id, i);
        if (principal.user_principal_name) by_user_name_.emplace(to_lower(*principal.user_principal_name), i);
    }
}

const Registry* World::registry_for_host(std::string_view host) const noexcept {
    if (registries_.empty()) return nullptr;
    if (host.size() <= max_host_size) {
        const Lowered lowered(host);
        if (const auto found = by_host_.find(lowered.view()); found != by_host_.end()) return &registries_[found->second];
        const auto name = without_port(lowered.view());
        if (const auto found = by_host_.find(name); found != by_host_.end()) return &registries_[found->second];
    }
    return &registries_.front();
}

const Registry* World::find_registry(const Guid& id) const noexcept {
    const auto found = by_registry_.find(id);
    return found == by_registry_.end() ? nullptr : &registries_[found->second];
}

const Registry* World::find_registry_by_row(std::int64_t row) const noexcept {
    const auto found = by_row_.find(row);
    return found == by_row_.end() ? nullptr : &registries_[found->second];
}

const Registry* World::find_registry(const rbac::Scope& scope) const noexcept {
    const auto found = by_scope_.find(scope.key());
    return found == by_scope_.end() ? nullptr : &registries_[found->second];
}

const Principal* World::find_principal(const Guid& id) const noexcept {
    const auto found = by_principal_.find(id);
    return found == by_principal_.end() ? nullptr : &principals_[found->second];
}

const Principal* World::find_principal_by_application(const Guid& application_id) const noexcept {
    const auto found = by_application_.find(application_id);
    return found == by_application_.end() ? nullptr : &principals_[found->second];
}

const Principal* World::find_user(std::string_view user_principal_name) const noexcept {
    if (user_principal_name.size() > max_host_size) return nullptr;
    const Lowered lowered(user_principal_name);
    const auto found = by_user_name_.find(lowered.view());
    return found == by_user_name_.end() ? nullptr : &principals_[found->second];
}

const Subscription* World::find_subscription(std::string_view id) const noexcept {
    for (const Subscription& subscription : subscriptions) {
        if (equals_ignoring_case(subscription.id.value(), id)) return &subscription;
    }
    return nullptr;
}

} // namespace berth::tenant
