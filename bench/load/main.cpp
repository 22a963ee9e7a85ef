// Load for one HTTP server on loopback, with every answer checked; prints what came of it as one line of JSON. The servers'
// processor time, memory and syncs are read by who starts it (bench/registries).
#include "load/fetch_script.hpp"
#include "load/push_script.hpp"
#include "load/runner.hpp"
#include "load/transfer.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace {

using namespace load;

void print(const Outcome& outcome) {
    fmt::print(R"({{"operations":{},"requests":{},"seconds":{:.6f},"p50_us":{},"p99_us":{},"max_us":{}}})"
               "\n",
               outcome.operations, outcome.requests, outcome.seconds, outcome.percentile(0.5), outcome.percentile(0.99),
               outcome.percentile(1));
}

std::string read_file(const std::string& path) {
    const std::ifstream file(path, std::ios::binary);
    if (!file) fail("cannot read " + path);
    std::ostringstream out;
    out << file.rdbuf();
    return std::move(out).str();
}

} // namespace

int main(int count, char** words) {
    CLI::App program("Load for one HTTP server on loopback");
    program.require_subcommand(1);
    Target target;
    std::vector<std::string> fields;
    std::size_t connections = 1;
    Budget budget{.left = UINT64_MAX};
    double seconds = 3600;
    program.add_option("--port", target.port)->required();
    program.add_option("--host", target.host, "the Host field");
    program.add_option("--authorization", target.authorization);
    program.add_option("--field", fields, "a header line");
    program.add_option("--prefix", target.prefix, "begins the names of repositories");
    program.add_option("--connections", connections);
    program.add_option("--operations", budget.left, "how many at most");
    program.add_option("--seconds", seconds, "how long at most");

    Fetch fetch;
    auto* fetching = program.add_subcommand("fetch", "GET again and again")->fallthrough();
    fetching->add_option("--path", fetch.path)->required();
    fetching->add_option("--status", fetch.status);
    fetching->add_option("--digest", fetch.digest, "of the body");
    fetching->add_option("--body-contains", fetch.body_contains, "where the body has no digest");
    fetching->add_option("--token-path", fetch.token_path, "a registry token is asked for there");
    fetching->add_option("--token-authorization", fetch.token_authorization);
    fetching->add_option("--requests-per-token", fetch.requests_per_token);

    std::string run;
    auto* pushing = program.add_subcommand("images", "push small images, each another")->fallthrough();
    pushing->add_option("--run", run, "makes them differ from those of other runs")->required();

    std::string repository;
    std::string manifest;
    auto* tagging = program.add_subcommand("tags", "put new tags on one manifest")->fallthrough();
    tagging->add_option("--run", run)->required();
    tagging->add_option("--repository", repository)->required();
    tagging->add_option("--manifest", manifest, "a file")->required();

    Transfer transfer;
    auto* pulling = program.add_subcommand("pull", "pull one large blob")->fallthrough();
    auto* sending = program.add_subcommand("push", "push one large blob per connection")->fallthrough();
    for (auto* command : {pulling, sending}) {
        command->add_option("--path", transfer.path, "of the blob, or the repository")->required();
        command->add_option("--size", transfer.size)->required();
        command->add_option("--digest", transfer.digest);
    }
    pulling->add_flag("--tls", transfer.tls);
    pulling->add_flag("--verify", transfer.verify);
    sending->add_option("--file", transfer.file, "with several connections FILE-0, FILE-1, … and as many --digests")
        ->required();
    std::vector<std::string> digests;
    sending->add_option("--digests", digests);

    std::uint64_t seed = 0;
    auto* making = program.add_subcommand("make", "make a file that does not compress")->fallthrough();
    making->add_option("--file", transfer.file)->required();
    making->add_option("--size", transfer.size)->required();
    making->add_option("--seed", seed);

    CLI11_PARSE(program, count, words);
    if (target.host.empty()) target.host = fmt::format("127.0.0.1:{}", target.port);
    for (const std::string& field : fields) target.extra_fields += field + "\r\n";

    std::vector<std::unique_ptr<Script>> scripts;
    if (making->parsed()) {
        fmt::print("{}\n", make_file(transfer.file, transfer.size, seed));
    } else if (pulling->parsed()) {
        fmt::print(R"({{"seconds":{:.6f}}})"
                   "\n",
                   pull(target, transfer));
    } else if (sending->parsed()) {
        const auto started = std::chrono::steady_clock::now();
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < std::max<std::size_t>(digests.size(), 1); ++i) {
            Transfer one = transfer;
            if (!digests.empty()) {
                one.digest = digests[i];
                one.file += fmt::format("-{}", i);
            }
            threads.emplace_back([&target, one] { push(target, one); });
        }
        threads.clear();
        fmt::print(R"({{"seconds":{:.6f}}})"
                   "\n",
                   std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    } else {
        if (tagging->parsed()) manifest = read_file(manifest);
        for (std::size_t i = 0; i < connections; ++i) {
            if (fetching->parsed()) scripts.push_back(fetch_script(target, fetch, budget));
            if (pushing->parsed()) scripts.push_back(push_script(target, run, i, budget));
            if (tagging->parsed()) scripts.push_back(tag_script(target, repository, manifest, run, budget));
        }
        print(run_scripts(target, std::move(scripts), std::chrono::duration<double>(seconds)));
    }
    return 0;
}
