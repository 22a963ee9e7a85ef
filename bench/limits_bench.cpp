// What the request limits cost each request: with the defaults, and with every budget set.

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

} // namespace
