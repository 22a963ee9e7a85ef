#pragma once

#include "base/time.hpp"
#include "base/worker_pool.hpp"
#include "gateway/import_queue.hpp"
#include "identity/credentials.hpp"
#include "identity/directory_tokens.hpp"
#include "identity/key_ring.hpp"
#include "identity/registry_tokens.hpp"
#include "identity/seal.hpp"
#include "identity/sign_in_provider.hpp"
#include "identity/trusted_issuers.hpp"
#include "outbound/checked_client.hpp"
#include "storage/blob_store.hpp"
#include "storage/database.hpp"
#include "tenant/tenancy.hpp"

namespace berth::gateway {

/// What the planes work with; put together once in `app/` and alive as long as the program serves.
struct Services {
    const Clock& clock;
    WorkerPool& workers;
    storage::Database& database;
    storage::BlobStore& blobs;
    tenant::Tenancy& tenancy;
    const identity::Seal& seal;
    identity::KeyRing& keys;
    identity::Credentials& credentials;
    identity::RegistryTokens& registry_tokens;
    identity::DirectoryTokens& directory_tokens;
    ImportQueue& imports;
    const outbound::CheckedClient& outbound; ///< calls to other servers; blocks, so on a worker
    identity::TrustedIssuers& trusted_issuers;
    const identity::SignInProvider* sign_in_provider = nullptr; ///< nullptr: the sign-in page knows the directory alone
};

} // namespace berth::gateway
