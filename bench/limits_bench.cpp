// What the request limits cost each request, with the defaults and with every budget set; and what counting open uploads
// costs a small push.

#include "data_plane/upload_limits.hpp"
#include "gateway/limits/request_limits.hpp"

#include <benchmark/benchmark.h>

#include <chrono>

namespace {

using namespace berth;
using namespace berth::gateway;

void requests(benchmark::State& state, const LimitOptions& options, std::string_view address) {
    static RequestLimits* limits = nullptr;
    if (state.thread_index() == 0) limits = new RequestLimits(options);
    Route route;
    http::Request request;
    request.remote_address = address;
    request.headers.add("Host", "berth.localhost");
    request.headers.add("Authorization", "Bearer token");
    identity::Caller caller;
    caller.kind = identity::CallerKind::principal;
    caller.principal = Guid::random();
    const tenant::Registry registry{.row = 1,
                                    .id = Guid::random(),
                                    .name = "harbor",
                                    .login_server = "harbor.localhost",
                                    .scope = rbac::Scope::root(),
                                    .subscription = Guid::random()};
    const auto now = std::chrono::steady_clock::now();
    for (auto _ : state) {
        benchmark::DoNotOptimize(limits->admit(route, request, now).has_value());
        benchmark::DoNotOptimize(limits->admit(route, caller, request.remote_address, now).has_value());
        benchmark::DoNotOptimize(limits->charge(route, caller, registry, now).has_value());
    }
    if (state.thread_index() == 0) delete limits;
}

const Budgets plenty = *Budgets::parse("read=1000000000,write=1000000000");
const LimitOptions all{.identity = plenty, .address = plenty, .registry = plenty};

BENCHMARK_CAPTURE(requests, by_default, LimitOptions{}, "192.0.2.1")->ThreadRange(1, 2);
BENCHMARK_CAPTURE(requests, identity_only, LimitOptions{.identity = plenty}, "192.0.2.1")->ThreadRange(1, 2);
BENCHMARK_CAPTURE(requests, all_budgets, all, "192.0.2.1")->ThreadRange(1, 2);
BENCHMARK_CAPTURE(requests, all_budgets_ipv6, all, "2001:db8:1:2:3:4:5:6")->ThreadRange(1, 2);

// A POST and the PUT that ends it, beside so many uploads that are open.
void small_push(benchmark::State& state) {
    static Clock clock;
    static data_plane::UploadLimits* limits = nullptr;
    const Guid registry = Guid::random();
    const Guid actor = Guid::random();
    const data_plane::UploadAccount account{
        .registry = registry.value(), .actor = actor.value(), .registry_name = "harbor", .actor_name = "ci"};
    if (state.thread_index() == 0) {
        limits = new data_plane::UploadLimits(clock);
        for (std::int64_t i = 0; i < state.range(0); ++i) (void)limits->begin(Guid::random(), account);
    }
    const auto id = Guid::random();
    for (auto _ : state) {
        benchmark::DoNotOptimize(limits->begin(id, account).has_value());
        auto use = limits->use(id, account, false, 1000);
        benchmark::DoNotOptimize(use->end());
    }
    if (state.thread_index() == 0) delete limits;
}
BENCHMARK(small_push)->Arg(0)->Arg(4000)->ThreadRange(1, 2);

} // namespace
