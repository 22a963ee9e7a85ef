#include "app/serve.hpp"

#include "app/addresses.hpp"
#include "app/bootstrap_file.hpp"
#include "app/certificates.hpp"
#include "app/data_in_place.hpp"
#include "app/foundation.hpp"
#include "app/logging.hpp"
#include "app/planes.hpp"
#include "app/upkeep.hpp"
#include "app/welcome.hpp"
#include "base/encoding.hpp"
#include "gateway/response.hpp"
#include "tenant/record_retention.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <sys/resource.h>

#include <csignal>
#include <cstdio>

namespace berth::app {
namespace {

constexpr timespec housekeeping_interval{.tv_sec = 60, .tv_nsec = 0};

int fail(const Error& error) {
    std::fputs(fmt::format("berth: {}\n", error.message).c_str(), stderr);
    return 1;
}

// Signals are waited for by the main thread alone; threads made later inherit the mask.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signals;
}

// Each connection is a descriptor, and so is each blob that is sent. Shells give 1,024 and allow many more.
void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
}

Task<http::Response> not_yet() {
    auto response = gateway::json_response(503, boost::json::object{{"status", "starting"}});
    response.headers.add("Retry-After", "1");
    co_return response;
}

class Program {
public:
    explicit Program(const Configuration& configuration) : configuration_(configuration) {}
    ~Program() { end_tasks(); }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    Result<void> start() {
        auto foundation = lay_foundation(configuration_);
        if (!foundation) return failure(std::move(foundation));
        foundation_ = std::move(*foundation);
        note_server(foundation_->folder);
        if (auto opened = open_certificates(); !opened) return opened;
        if (auto listening = listen(); !listening) return listening;
        return open_planes();
    }

    void housekeeping() { begin_task(&Program::tidy); }

    void collect_now() { upkeep_->collect_now(); }

    void reload(const std::string& log_level) {
        set_log_level(log_level);
        if (auto reloaded = certificates_->reload(); reloaded) {
            server_->reload_certificates();
            spdlog::info("certificates and log level were read again");
        } else {
            spdlog::error("{} The earlier certificate stays in use.", reloaded.error().message);
        }
    }

    void stop() {
        planes_->ready() = false;
        planes_->importer().stop();
        end_tasks(); // before the loops end, which drain() does
        const bool clean = server_->drain(std::chrono::seconds(configuration_.drain_seconds));
        if (clean) {
            spdlog::info("drained; every request has finished");
        } else {
            spdlog::warn("requests still ran after {} s and were ended", configuration_.drain_seconds);
        }
        // Requests refer to the planes, so the loops end before these do. They write measures of the upkeep, too.
        server_.reset();
        upkeep_.reset();
    }

    std::string welcome() const { return welcome_text(bootstrap_file(), foundation_->folder.path()); }

private:
    Result<void> open_certificates() {
        auto opened = Certificates::open(configuration_.tls_certificate, configuration_.tls_key,
                                         foundation_->folder.path_of("tls"), [this](std::string_view host) {
                                             const Planes* planes = serving_.load(std::memory_order_acquire);
                                             if (planes == nullptr) return false;
                                             if (addresses_->is_domain(host)) return true;
                                             const auto world = const_cast<Planes*>(planes)->tenancy().world();
                                             return std::ranges::any_of(world->registries(), [&](const auto& registry) {
                                                 return host_of(registry.login_server) == host || registry.login_server == host;
                                             });
                                         });
        if (!opened) return failure(std::move(opened));
        certificates_ = std::move(*opened);
        return {};
    }

    Result<void> listen() {
        http::ServerOptions options;
        options.loops = configuration_.loops;
        options.trusted_proxies = configuration_.trusted_proxies;
        options.limits.head_timeout = std::chrono::seconds(configuration_.head_seconds);
        options.limits.body_timeout = std::chrono::seconds(configuration_.body_seconds);
        options.limits.idle_timeout = std::chrono::seconds(configuration_.idle_seconds);
        options.limits.body_rate = configuration_.body_rate;
        options.limits.connections = configuration_.connections;
        options.limits.connections_of_an_address = configuration_.connections_per_address > 0
                                                       ? configuration_.connections_per_address
                                                       : std::max<std::uint64_t>(configuration_.connections / 2, 1);
        auto server = http::Server::create(
            options,
            [this](http::Request& request) {
                Planes* planes = serving_.load(std::memory_order_acquire);
                return planes != nullptr ? planes->gateway().handle(request) : not_yet();
            },
            [this](unsigned status, std::string_view reason, std::string_view target) {
                Planes* planes = serving_.load(std::memory_order_acquire);
                return planes != nullptr ? planes->gateway().refuse(status, reason, target) : gateway::empty_response(status);
            },
            [this](std::string_view name) { return certificates_->choose(name); });
        if (!server) return failure(std::move(server));
        server_ = std::move(*server);
        if (configuration_.http != "off") {
            auto port = server_->listen({.address = configuration_.http, .tls = false});
            if (!port) return failure(std::move(port));
            http_port_ = *port;
        }
        if (configuration_.https != "off") {
            auto port = server_->listen({.address = configuration_.https, .tls = true});
            if (!port) return failure(std::move(port));
            https_port_ = *port;
        }
        return {};
    }

    Result<void> open_planes() {
        auto naming = login_server_naming(configuration_, https_port_ != 0 ? https_port_ : http_port_);
        if (!naming) return failure(std::move(naming));
        addresses_.emplace(configuration_, *naming, http_port_, https_port_);
        const auto limits = parse_limits(configuration_);
        if (!limits) return std::unexpected(limits.error());
        planes_ =
            std::make_unique<Planes>(*foundation_, std::move(*naming), server_.get(), *limits, upload_limits(configuration_),
                                     [this](const std::string& login_server) { return prepare(login_server); });
        if (auto refreshed = sync_wait(planes_->tenancy().refresh()); !refreshed) return refreshed;
        planes_->directory_tokens().set_own_addresses(
            addresses_->own(), [this](std::string_view login_server) { return addresses_->of_registry(login_server); });

        if (const auto& registry = foundation_->bootstrap.registry) {
            login_server_ = planes_->tenancy().naming().login_server(registry->name);
        }
        for_people_ = address_for_people();
        auto written = write_bootstrap_file(foundation_->folder.path_of("bootstrap.json"), bootstrap_file());
        if (!written) return written;
        std::error_code ignored; // a left-over file is harmless while bootstrap.json is there
        std::filesystem::remove(foundation_->folder.path_of(pending_owner_secret), ignored);
        auto& open_uploads = planes_->data_plane().open_uploads();
        const auto paused = sync_wait(foundation_->blobs->paused_uploads());
        if (!paused) return std::unexpected(paused.error());
        open_uploads.restore(*paused);
        if (auto resumed = planes_->importer().resume(); !resumed) return resumed;
        upkeep_ = std::make_unique<Upkeep>(*foundation_, configuration_,
                                           [&open_uploads](const std::vector<storage::UploadId>& left, Timestamp since) {
                                               open_uploads.keep_only(left, since);
                                           });
        planes_->gateway().metrics().add_source([this](std::string& out) { upkeep_->write_metrics(out); });
        planes_->ready() = true;
        begin_task(&Program::forget_records);
        serving_.store(planes_.get(), std::memory_order_release);
        return planes_->control_plane().resume(); // certificates are made for registries of what serves
    }

    // A new registry is there when clients reach it: the local CA makes a certificate for its login server, and the owner's
    // own has to be for it.
    Result<void> prepare(const std::string& login_server) {
        const std::string_view host = host_of(login_server);
        if (https_port_ == 0 || addresses_->is_behind_proxy(login_server) || certificates_->covers(host)) return {};
        return failure(
            ErrorCode::conflict,
            fmt::format("The registry was made, but the certificate of --tls-certificate is not for its login server "
                        "'{}': clients refuse it. Give berth a certificate for '{}' and '*.{}', which is for all "
                        "names, send it SIGHUP, and update the registry.",
                        host, addresses_->domain(), addresses_->domain()));
    }

    // Tells, too, when clients will refuse the owner's certificate. The local CA has one for each of these names.
    std::string address_for_people() {
        const auto& registry = foundation_->bootstrap.registry;
        const bool own = !configuration_.tls_certificate.empty();
        const auto covers = [&](std::string_view host) { return !own || certificates_->covers(host); };
        std::string out = addresses_->for_people(registry ? registry->name : "", covers);
        if (https_port_ == 0 || !own) return out;
        for (const std::string_view address :
             {std::string_view(out).substr(out.find("//") + 2), std::string_view(login_server_)}) {
            const std::string_view name = host_of(address);
            if (name.empty() || covers(name)) continue;
            spdlog::warn(
                "the certificate of --tls-certificate is not for '{0}': clients that ask for this name will refuse it. "
                "One for '{1}' and '*.{1}' is for all names.",
                name, addresses_->domain());
        }
        return out;
    }

    BootstrapFile bootstrap_file() const {
        return {.http = addresses_->http(),
                .https = addresses_->https(),
                .for_people = for_people_,
                .authority_file = certificates_->authority_file(),
                .bootstrap = foundation_->bootstrap,
                .login_server = login_server_,
                .owner_secret = foundation_->owner_secret,
                .owner_state = foundation_->owner_state,
                .owner_lacks = role_that_owner_lacks()};
    }

    // What it takes to push to the first registry, as it decides now; empty when the Owner may.
    std::string role_that_owner_lacks() const {
        const auto world = planes_->tenancy().world();
        const auto& bootstrap = foundation_->bootstrap;
        const auto* registry = bootstrap.registry ? world->find_registry(bootstrap.registry->scope) : nullptr;
        if (registry == nullptr || !bootstrap.owner) return "";
        const bool by_repository = registry->mode == tenant::RoleAssignmentMode::repository_permissions;
        const auto push =
            by_repository ? rbac::Operation::known("Microsoft.ContainerRegistry/registries/repositories/content/write", true)
                          : rbac::Operation::known("Microsoft.ContainerRegistry/registries/push/write");
        if (world->policy->decide(bootstrap.owner->principal.id, push, registry->scope).allowed) return "";
        return by_repository ? "Container Registry Repository Writer" : "AcrPush";
    }

    // Runs on an event loop with nobody waiting but end_tasks(): the database gives a task back to the loop that it began
    // on, so that loop has to be there until the task has ended.
    void begin_task(Task<void> (Program::*work)()) {
        tasks_.fetch_add(1);
        server_->post([this, work] { run_task(work).detach(); });
    }

    Task<void> run_task(Task<void> (Program::*work)()) {
        auto working = (this->*work)();
        co_await std::move(working);
        tasks_.fetch_sub(1);
        tasks_.notify_all();
    }

    // Tells the tasks to end after the write that they are at, and waits for them.
    void end_tasks() noexcept {
        ending_ = true;
        for (int left = tasks_.load(); left > 0; left = tasks_.load()) tasks_.wait(left);
    }

    Task<void> tidy() {
        if (tidying_.exchange(true)) co_return;
        auto rotated = co_await foundation_->keys->rotate_if_due();
        if (!rotated) spdlog::error("signing keys could not be rotated: {}", rotated.error().message);
        auto forgetting = forget_records();
        co_await std::move(forgetting);
        tidying_ = false;
    }

    // What is kept for a time only; a piece at a time, so that others get to write in between.
    Task<void> forget_records() {
        constexpr std::int64_t at_once = 2000;
        while (!ending_) {
            const Timestamp now = foundation_->clock.now();
            const auto forget = [now](storage::Session& session) { return tenant::forget_old_records(session, now, at_once); };
            auto forgetting = foundation_->database->write(forget);
            auto forgotten = co_await std::move(forgetting);
            if (!forgotten) {
                spdlog::error("old operations and events could not be forgotten: {}", forgotten.error().message);
                co_return;
            }
            if (forgotten->operations + forgotten->events > 0) {
                spdlog::info("forgot {} operations and {} events whose time was over", forgotten->operations,
                             forgotten->events);
            }
            if (forgotten->operations < at_once && forgotten->events < at_once) co_return;
        }
    }

    const Configuration& configuration_;
    std::unique_ptr<Foundation> foundation_;
    std::unique_ptr<Certificates> certificates_;
    std::unique_ptr<Planes> planes_;
    std::unique_ptr<Upkeep> upkeep_;
    std::unique_ptr<http::Server> server_; // ends before what it serves
    std::atomic<Planes*> serving_ = nullptr;
    std::atomic<bool> tidying_ = false;
    std::atomic<bool> ending_ = false;
    std::atomic<int> tasks_ = 0; // begun, even if their loop did not come to them yet
    std::uint16_t http_port_ = 0;
    std::uint16_t https_port_ = 0;
    std::optional<Addresses> addresses_;
    std::string for_people_;
    std::string login_server_;
};

} // namespace

int serve(const Configuration& configuration, const std::function<std::string()>& reread_log_level) {
    const sigset_t signals = block_signals();
    raise_descriptor_limit();
    set_up_logging(configuration.log_level);
    if (auto checked = check(configuration); !checked) return fail(checked.error());

    Program program(configuration);
    if (auto started = program.start(); !started) return fail(started.error());
    std::fputs(program.welcome().c_str(), stdout);
    std::fflush(stdout);

    while (true) {
        const int signal = sigtimedwait(&signals, nullptr, &housekeeping_interval);
        if (signal == SIGTERM || signal == SIGINT) break;
        if (signal == SIGHUP) program.reload(reread_log_level());
        if (signal == SIGUSR1) program.collect_now(); // `berth gc`
        if (signal == -1 && errno == EAGAIN) program.housekeeping();
    }
    program.stop();
    return 0;
}

} // namespace berth::app
