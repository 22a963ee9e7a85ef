#include "app/foundation.hpp"

#include "base/durable_file.hpp"
#include "identity/credentials.hpp"
#include "storage/files/file_blob_store.hpp"
#include "storage/sqlite/sqlite_database.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

namespace berth::app {
namespace {

// Secrets of services live long; the Owner's ends when somebody replaces it.
constexpr auto owner_secret_lifetime = std::chrono::hours(24 * 365 * 100);

Result<void> make_folder(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::create_directory(path, error);
    if (error) {
        return failure(ErrorCode::storage_read_only, "'" + path.string() + "' could not be made: " + error.message() + ".");
    }
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
    return {};
}

struct FirstCredential {
    identity::NewCredential made;
    bool of_an_earlier_start = false;
};

// The first start's secret is on disk before the database knows its hash, until bootstrap.json has it: a crash in between
// would leave an Owner that nobody can sign in as.
Result<FirstCredential> first_credential(const storage::DataFolder& folder, Timestamp now) {
    FirstCredential out{identity::make_credential("first start", now, owner_secret_lifetime)};
    const std::filesystem::path pending = folder.path_of(pending_owner_secret);
    if (std::filesystem::exists(folder.path_of("bootstrap.json"))) return out;
    if (std::filesystem::exists(pending)) {
        std::ifstream in(pending);
        std::string text;
        std::getline(in, text);
        out.made.secret = Secret(text);
        out.made.hash = identity::hash_secret(out.made.secret);
        out.made.info.hint = text.substr(0, 3);
        out.of_an_earlier_start = true;
        return out;
    }
    if (auto written = write_durably(pending, out.made.secret.reveal() + "\n", 0600); !written) {
        return failure(std::move(written));
    }
    return out;
}

// Whether the owner can sign in with the secret that the file holds, by what the database knows now.
Result<OwnerState> owner_state(const Foundation& foundation) {
    const auto& owner = foundation.bootstrap.owner;
    if (!owner) return OwnerState::gone;
    if (!foundation.owner_secret) return OwnerState::without_secret;
    const Timestamp now = foundation.clock.now();
    const auto read = [&](storage::Session& session) { return tenant::valid_credentials(session, owner->principal.id, now); };
    auto secrets = sync_wait(foundation.database->read(storage::ReadKind::point, read));
    if (!secrets) return failure(std::move(secrets));
    const bool works = std::ranges::any_of(*secrets, [&](const tenant::StoredCredential& one) {
        return identity::matches_hash(foundation.owner_secret->reveal(), one.hash);
    });
    if (!works) return OwnerState::without_secret;
    return owner->principal.enabled ? OwnerState::ready : OwnerState::disabled;
}

// They wait for the disk, which is at its fastest with a few writes at once.
constexpr unsigned writer_threads = 4;

} // namespace

Result<std::unique_ptr<Foundation>> lay_foundation(const Configuration& configuration) {
    auto folder = storage::DataFolder::open(configuration.data.string());
    if (!folder) return failure(std::move(folder));
    for (const char* name : {"keys", "tls"}) {
        if (auto made = make_folder(folder->path_of(name)); !made) return failure(std::move(made));
    }
    auto seal = identity::Seal::open(folder->path_of("keys/seal.key"));
    if (!seal) return failure(std::move(seal));
    auto database = storage::open_sqlite(folder->database());
    if (!database) return failure(std::move(database));

    auto workers = std::make_unique<WorkerPool>(std::max(2U, std::thread::hardware_concurrency()));
    auto writers = std::make_unique<WorkerPool>(writer_threads);
    auto blobs = storage::FileBlobStore::open(folder->path(), {*workers, *writers});
    if (!blobs) return failure(std::move(blobs));

    auto allowed = outbound::AllowedDestinations::parse(configuration.allowed_outbound);
    if (!allowed) return failure(std::move(allowed));
    auto trusted_issuers = parse_trusted_issuers(configuration);
    if (!trusted_issuers) return failure(std::move(trusted_issuers));
    auto sign_in_provider = parse_sign_in_provider(configuration);
    if (!sign_in_provider) return failure(std::move(sign_in_provider));
    auto outbound = std::make_unique<outbound::CheckedClient>(
        outbound::CheckedClientOptions{.allowed = std::move(*allowed),
                                       .ca_file = configuration.outbound_ca.string(),
                                       .patience = std::chrono::seconds(configuration.outbound_patience_seconds)});

    std::unique_ptr<Foundation> out(new Foundation{.clock = {},
                                                   .folder = std::move(*folder),
                                                   .workers = std::move(workers),
                                                   .writers = std::move(writers),
                                                   .database = std::move(*database),
                                                   .blobs = std::move(*blobs),
                                                   .outbound = std::move(outbound),
                                                   .trusted_issuers = std::move(*trusted_issuers),
                                                   .sign_in_provider = std::move(*sign_in_provider),
                                                   .seal = std::move(*seal),
                                                   .keys = nullptr,
                                                   .bootstrap = {.created = false,
                                                                 .tenant = Guid::random(),
                                                                 .subscription = Guid::random(),
                                                                 .resource_group = {},
                                                                 .registry = {},
                                                                 .owner = {}},
                                                   .owner_secret = {},
                                                   .owner_state = OwnerState::ready});

    auto credential = first_credential(out->folder, out->clock.now());
    if (!credential) return failure(std::move(credential));
    auto made = sync_wait(tenant::bootstrap(*out->database,
                                            {.tenant_name = "berth",
                                             .subscription_name = "berth",
                                             .resource_group = configuration.resource_group,
                                             .registry_name = configuration.registry_name,
                                             .location = configuration.location,
                                             .registry_sku = "Premium",
                                             .owner_name = "berth-owner"},
                                            credential->made.info, credential->made.hash, out->clock.now()));
    if (!made) return failure(std::move(made));
    out->bootstrap = std::move(*made);
    if (out->bootstrap.created || credential->of_an_earlier_start) {
        out->owner_secret = std::move(credential->made.secret);
    } else if (out->bootstrap.owner) {
        out->owner_secret =
            read_owner_secret(out->folder.path_of("bootstrap.json"), out->bootstrap.owner->application.application_id.value());
    }

    auto state = owner_state(*out);
    if (!state) return failure(std::move(state));
    out->owner_state = *state;
    // One that does not work any more would only mislead; that of a disabled Owner works again when it is enabled.
    if (*state == OwnerState::without_secret || *state == OwnerState::gone) out->owner_secret.reset();

    auto keys = sync_wait(identity::KeyRing::load(*out->database, out->seal, out->clock,
                                                  std::chrono::hours(24 * configuration.key_rotation_days)));
    if (!keys) return failure(std::move(keys));
    out->keys = std::move(*keys);
    return out;
}

} // namespace berth::app
