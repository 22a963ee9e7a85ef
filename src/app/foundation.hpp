#pragma once

#include "app/bootstrap_file.hpp"
#include "app/configuration.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/worker_pool.hpp"
#include "identity/key_ring.hpp"
#include "identity/seal.hpp"
#include "identity/sign_in_provider.hpp"
#include "identity/trusted_issuer.hpp"
#include "outbound/checked_client.hpp"
#include "storage/blob_store.hpp"
#include "storage/data_folder.hpp"
#include "storage/database.hpp"
#include "tenant/bootstrap.hpp"

#include <memory>
#include <optional>

namespace berth::app {

/// What stands before anybody listens: the data folder, locked; the database at its newest version; keys; the tenant.
struct Foundation {
    Clock clock;
    storage::DataFolder folder;
    std::unique_ptr<WorkerPool> workers;
    std::unique_ptr<WorkerPool> writers; ///< for the blob store alone
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::BlobStore> blobs;
    std::unique_ptr<outbound::CheckedClient> outbound;
    std::vector<identity::TrustedIssuer> trusted_issuers;
    std::optional<identity::SignInProvider> sign_in_provider;
    identity::Seal seal;
    std::unique_ptr<identity::KeyRing> keys;
    tenant::Bootstrap bootstrap;
    std::optional<Secret> owner_secret; ///< only one that works
    OwnerState owner_state = OwnerState::ready;
};

/// The file below the data folder that holds the first Owner's secret until bootstrap.json does.
inline constexpr std::string_view pending_owner_secret = "keys/first-owner-secret";

/// Opens the data folder, making in it what the first start makes. Fails with one message for people.
Result<std::unique_ptr<Foundation>> lay_foundation(const Configuration& configuration);

} // namespace berth::app
