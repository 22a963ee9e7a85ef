#pragma once

#include "app/configuration.hpp"
#include "app/foundation.hpp"
#include "control_plane/control_plane.hpp"
#include "data_plane/data_plane.hpp"
#include "data_plane/import/importer.hpp"
#include "directory/directory.hpp"
#include "gateway/gateway.hpp"
#include "http/server.hpp"
#include "identity/credentials.hpp"
#include "identity/directory_tokens.hpp"
#include "identity/registry_tokens.hpp"
#include "sign_in/sign_in.hpp"
#include "tenant/tenancy.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace berth::app {

/// Everything that answers requests, put together over the foundation once the ports are known.
class Planes {
public:
    /// `server` gives its measures to `/metrics`; nullptr when nothing listens (`berth routes`).
    Planes(Foundation& foundation, tenant::LoginServerNaming naming, http::Server* server,
           const gateway::LimitOptions& limits = {}, const data_plane::UploadLimitOptions& uploads = {},
           control_plane::PrepareLoginServer prepare_login_server = {});

    gateway::Gateway& gateway() noexcept { return *gateway_; }
    tenant::Tenancy& tenancy() noexcept { return tenancy_; }
    identity::DirectoryTokens& directory_tokens() noexcept { return directory_tokens_; }
    data_plane::DataPlane& data_plane() noexcept { return data_plane_; }
    control_plane::ControlPlane& control_plane() noexcept { return control_plane_; }
    data_plane::Importer& importer() noexcept { return importer_; }
    /// What `/berth/v1/ready` says.
    std::atomic<bool>& ready() noexcept { return ready_; }

private:
    std::string metrics_text(http::Server* server);

    tenant::Tenancy tenancy_;
    identity::Credentials credentials_;
    identity::RegistryTokens registry_tokens_;
    identity::DirectoryTokens directory_tokens_;
    identity::TrustedIssuers trusted_issuers_;
    data_plane::Importer importer_;
    gateway::Services services_;
    data_plane::DataPlane data_plane_;
    control_plane::ControlPlane control_plane_;
    sign_in::SignIn sign_in_;
    directory::Directory directory_;
    std::atomic<bool> ready_ = false;
    std::unique_ptr<gateway::Gateway> gateway_;
};

} // namespace berth::app
