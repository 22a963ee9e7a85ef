#pragma once

#include "identity/key_ring.hpp"
#include "identity/testing/test_clock.hpp"
#include "tenant/testing/world_builder.hpp"

#include <memory>
#include <string>

namespace berth::identity {

/// Keys for all tests of the process: finding an RSA key takes long. Made at a time before every test's.
inline KeyRing& shared_keys() {
    static const TestClock clock;
    static const std::unique_ptr<KeyRing> keys = KeyRing::in_memory(clock);
    return *keys;
}

/// A registry, one that is not it, and those who can call.
struct People {
    tenant::WorldBuilder builder;
    Guid robot;
    Guid robot_client;
    Guid ada;
    Guid team;

    People() : People(tenant::WorldBuilder()) {}

    tenant::World world() const { return builder.build(); }
    tenant::Registry& registry() { return builder.registries[0]; }
    tenant::Registry& other_registry() { return builder.registries[1]; }
    tenant::Principal& principal(const Guid& id) {
        for (auto& one : builder.principals) {
            if (one.id == id) return one;
        }
        std::abort();
    }

private:
    explicit People(tenant::WorldBuilder made)
        : builder(prepare(made)), robot(builder.principals[0].id), robot_client(*builder.principals[0].application_id),
          ada(builder.principals[1].id), team(builder.principals[2].id) {}
    static tenant::WorldBuilder prepare(tenant::WorldBuilder& made) {
        made.add_registry("images").admin_user_enabled = true;
        made.add_registry("others").admin_user_enabled = true;
        made.assign(made.add_service_principal("robot"), "AcrPush", made.registries[0].scope);
        made.add_user("ada@example.org");
        made.add_user("team@example.org").kind = tenant::PrincipalKind::group;
        return made;
    }
};

} // namespace berth::identity
