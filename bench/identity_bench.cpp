// What it costs to know who calls: tokens signed, verified and remembered, and Basic credentials that were seen before.

#include "identity/credentials.hpp"
#include "identity/directory_tokens.hpp"
#include "identity/keyed_hash.hpp"
#include "identity/registry_tokens.hpp"
#include "identity/testing/test_clock.hpp"
#include "storage/testing/temporary_folder.hpp"
#include "tenant/tenancy.hpp"
#include "tenant/testing/tenant_database.hpp"

#include <benchmark/benchmark.h>

#include <array>

namespace {

using namespace berth;
using namespace berth::identity;

constexpr std::array accepted{Audience::resource_manager};

// A server after its first start, with the Owner's secret.
struct Server {
    TestClock clock;
    NewCredential owner = make_credential(std::nullopt, clock.now(), std::chrono::hours(24 * 365));
    storage::TemporaryDatabase database;
    tenant::Bootstrap first = *sync_wait(tenant::bootstrap(*database, {}, owner.info, owner.hash, clock.now()));
    tenant::Tenancy tenancy{*database, {}};
    std::shared_ptr<const tenant::World> world = [this] {
        if (!sync_wait(tenancy.refresh())) std::abort();
        return tenancy.world();
    }();
    Seal seal{Bytes(32, std::byte{7})};
    std::unique_ptr<KeyRing> keys = KeyRing::in_memory(clock);
    WorkerPool workers{1};
    Credentials credentials{*database, seal, workers, clock};
    RegistryTokens registry_tokens{*keys, clock};
    DirectoryTokens directory_tokens{*keys, clock};

    const tenant::Registry& registry = world->registries().front();
    Caller caller{.kind = CallerKind::principal, .principal = first.owner->principal.id};
    std::string client_id = first.owner->application.application_id.value();
    std::vector<TokenScope> asked = TokenScope::parse_list("repository:library/app:pull,push");

    std::string access_token() { return registry_tokens.issue_access(*world, registry, caller, asked, asked)->token; }
    std::string directory_token() {
        const auto* principal = world->find_principal(*caller.principal);
        return directory_tokens.issue(*world, *principal, "https://management.azure.com", "https://localhost")->token;
    }
};

Server& server() {
    static Server made;
    return made;
}

void issue_access_token(benchmark::State& state) {
    Server& s = server();
    for (auto _ : state) benchmark::DoNotOptimize(s.access_token());
    state.counters["bytes"] = static_cast<double>(s.access_token().size());
}
BENCHMARK(issue_access_token);

void issue_refresh_token(benchmark::State& state) {
    Server& s = server();
    for (auto _ : state) benchmark::DoNotOptimize(s.registry_tokens.issue_refresh(*s.world, s.registry, s.caller));
}
BENCHMARK(issue_refresh_token);

void verify_access_token_signature(benchmark::State& state) {
    Server& s = server();
    const std::string token = s.access_token();
    for (auto _ : state) benchmark::DoNotOptimize(s.keys->verify(KeyPurpose::registry, token));
}
BENCHMARK(verify_access_token_signature);

void verify_access_token_remembered(benchmark::State& state) {
    Server& s = server();
    const std::string token = s.access_token();
    for (auto _ : state) benchmark::DoNotOptimize(s.registry_tokens.verify_access(*s.world, s.registry, token));
}
BENCHMARK(verify_access_token_remembered)->ThreadRange(1, 2);

void refuse_forged_token(benchmark::State& state) {
    Server& s = server();
    std::string token = s.access_token();
    token[token.size() - 10] = token[token.size() - 10] == 'A' ? 'B' : 'A';
    for (auto _ : state) benchmark::DoNotOptimize(s.registry_tokens.verify_access(*s.world, s.registry, token));
}
BENCHMARK(refuse_forged_token);

void refuse_garbage_of_32_kib(benchmark::State& state) {
    Server& s = server();
    const std::string token(32UZ * 1024, 'a');
    for (auto _ : state) benchmark::DoNotOptimize(s.directory_tokens.verify(*s.world, accepted, token));
}
BENCHMARK(refuse_garbage_of_32_kib);

void issue_directory_token(benchmark::State& state) {
    Server& s = server();
    for (auto _ : state) benchmark::DoNotOptimize(s.directory_token());
}
BENCHMARK(issue_directory_token);

void verify_directory_token_signature(benchmark::State& state) {
    Server& s = server();
    const std::string token = s.directory_token();
    for (auto _ : state) benchmark::DoNotOptimize(s.keys->verify(KeyPurpose::directory, token));
}
BENCHMARK(verify_directory_token_signature);

void verify_directory_token_remembered(benchmark::State& state) {
    Server& s = server();
    const std::string token = s.directory_token();
    for (auto _ : state) benchmark::DoNotOptimize(s.directory_tokens.verify(*s.world, accepted, token));
}
BENCHMARK(verify_directory_token_remembered);

void basic_credentials_remembered(benchmark::State& state) {
    Server& s = server();
    for (auto _ : state) {
        auto checking = s.credentials.verify_principal(*s.world, s.client_id, s.owner.secret.reveal());
        benchmark::DoNotOptimize(sync_wait(std::move(checking)));
    }
}
BENCHMARK(basic_credentials_remembered)->ThreadRange(1, 2);

void basic_credentials_from_the_database(benchmark::State& state) {
    Server& s = server();
    for (auto _ : state) {
        s.credentials.forget_remembered();
        auto checking = s.credentials.verify_principal(*s.world, s.client_id, s.owner.secret.reveal());
        benchmark::DoNotOptimize(sync_wait(std::move(checking)));
    }
}
BENCHMARK(basic_credentials_from_the_database);

void password_hash(benchmark::State& state) {
    const Secret password("correct horse");
    for (auto _ : state) benchmark::DoNotOptimize(hash_password(password));
}
BENCHMARK(password_hash)->Unit(benchmark::kMillisecond);

void keyed_hash(benchmark::State& state) {
    const KeyedHash hash;
    for (auto _ : state) benchmark::DoNotOptimize(hash.of({"principal", server().client_id, "a secret of 40 characters"}));
}
BENCHMARK(keyed_hash);

void seal_and_unseal_an_upload_session(benchmark::State& state) {
    const Seal& seal = server().seal;
    const Bytes plain(200);
    for (auto _ : state) benchmark::DoNotOptimize(seal.unseal("upload", seal.seal("upload", plain)));
}
BENCHMARK(seal_and_unseal_an_upload_session);

void find_registry_of_host(benchmark::State& state) {
    const std::string& host = server().registry.login_server;
    for (auto _ : state) benchmark::DoNotOptimize(server().world->registry_for_host(host));
}
BENCHMARK(find_registry_of_host);

void refresh_world(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(sync_wait(server().tenancy.refresh()));
}
BENCHMARK(refresh_world)->Unit(benchmark::kMicrosecond);

} // namespace
