#include "gateway/context.hpp"

#include "gateway/response.hpp"
#include "gateway/testing/gateway_fixture.hpp"

#include <gtest/gtest.h>

namespace berth::gateway {
namespace {

const Permission& assign() {
    static const Permission permission = arm_permission("Microsoft.Authorization/roleAssignments/write");
    return permission;
}

using Decide = std::function<Result<void>(Context&)>;

// A route whose entry is deferred, with a handler that decides as it is told and answers 200.
std::vector<Route> deferred_route(const Decide& decide) {
    Route route{.id = "deferred",
                .method = http::Method::post,
                .pattern = "/{scope...}/assign",
                .protocol = Protocol::resource_manager,
                .entry = {EntryKind::deferred, {&assign()}, {}},
                .further = {},
                .scope = "/{scope}",
                .body_limit = 1024,
                .handler = [decide](Context& context) -> Task<Result<http::Response>> {
                    auto body = co_await context.body();
                    if (!body) co_return failure(std::move(body));
                    if (auto decided = decide(context); !decided) co_return failure(std::move(decided));
                    co_return empty_response(200);
                },
                .summary = {}};
    return {route};
}

unsigned status_for(const Decide& decide, bool owner = true) {
    GatewayFixture fixture([&](const Services&) { return deferred_route(decide); });
    const Guid who = owner ? fixture.owner() : fixture.new_principal("Reader", fixture.subscription());
    return fixture.call(who, http::Method::post, fixture.group() + "/assign?api-version=2022-04-01", "{}").status;
}

TEST(DeferredEntry, TheHandlerOwesTheWholeDecisionAtTheEntrysScope) {
    EXPECT_EQ(status_for([](Context& context) { return context.require_at(assign(), context.scope()); }), 200U);
    // Who forgets it, or asks about something else, has decided nothing.
    EXPECT_EQ(status_for([](Context&) { return Result<void>(); }), 500U);
    EXPECT_EQ(status_for([](Context& context) { return context.require_at(assign(), rbac::Scope::root()); }), 403U);
    EXPECT_EQ(status_for([](Context& context) {
                  (void)context.may_at(assign(), context.scope());
                  return context.require_at(assign(), *rbac::Scope::parse(context.scope().value() + "x"));
              }),
              500U);
}

TEST(DeferredEntry, NobodyWithoutTheRightReachesTheHandler) {
    bool ran = false;
    EXPECT_EQ(status_for(
                  [&](Context& context) {
                      ran = true;
                      return context.require_at(assign(), context.scope());
                  },
                  false),
              403U);
    EXPECT_FALSE(ran);
}

} // namespace
} // namespace berth::gateway
