"""Fixtures for the tests with az. They have a server of their own, whose login servers end in azurecr.localhost."""

import json
import socket
import sys
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from azure_cli import Az, program
from harness import identities
from harness.content import unique
from harness.fixtures import Registry, registry_from
from harness.http_client import Http
from harness.identities import Principal
from harness.openid_provider import OpenIdProvider
from harness.server import Berth

DOMAIN = "azurecr.localhost"
CLOUD = "berth"


@dataclass
class Cloud:
    """A running berth as az sees it: one address, and an az that knows it but is signed in nowhere."""

    server: Berth
    http: Http
    owner: Principal
    registered: Az
    issuer: OpenIdProvider  # whose tokens federated credentials may name

    @property
    def url(self) -> str:
        return f"https://localhost:{urllib.parse.urlsplit(self.server.https).port}"

    @property
    def ca_file(self) -> str:
        return self.server.bootstrap.ca_file

    @property
    def tenant(self) -> str:
        return self.server.bootstrap.tenant_id

    @property
    def subscription(self) -> str:
        return self.server.bootstrap.subscription_id

    @property
    def scope(self) -> str:
        return self.server.bootstrap.subscription_scope

    @property
    def group(self) -> str:
        return self.server.bootstrap.resource_group


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """One server for all tests of this worker. Make names of your own in it."""
    program()
    try:
        socket.getaddrinfo(f"any.{DOMAIN}", 443)
    except OSError:
        pytest.skip(f"names below {DOMAIN} do not resolve (Debian: libnss-myhostname)")
    issuer = OpenIdProvider(tmp_path_factory.mktemp("issuer"))
    server = Berth(tmp_path_factory.mktemp("cloud"), "--domain", DOMAIN, "--trusted-issuer", f"issuer={issuer.issuer}",
                   "--allow-outbound", "http://127.0.0.1")
    server.start()
    http = Http(server.http)
    az = Az(tmp_path_factory.mktemp("registered"), server.bootstrap.ca_file)
    cloud = Cloud(server, http, identities.bootstrap_owner(http, server.bootstrap), az, issuer)
    az(f"cloud register -n {CLOUD} --endpoint-resource-manager {cloud.url}")
    az(f"cloud set -n {CLOUD}")
    yield cloud
    http.close()
    server.stop()
    issuer.stop()


@pytest.fixture(scope="session")
def fresh_az(cloud, tmp_path_factory) -> Callable[[], Az]:
    """fresh_az() -> an az that knows the cloud and is signed in nowhere."""
    return lambda: Az(tmp_path_factory.mktemp("az"), cloud.ca_file, cloud.registered)


@pytest.fixture(scope="session")
def sign_in(cloud, fresh_az) -> Callable[[Principal], Az]:
    """sign_in(principal) -> an az that is signed in as this service principal."""

    def make(principal: Principal) -> Az:
        az = fresh_az()
        az(f"login --service-principal -u {principal.client_id} -p {principal.secret} --tenant {cloud.tenant} --allow-no-subscriptions")
        return az

    return make


@pytest.fixture(scope="module")
def az(cloud, sign_in) -> Az:
    """az as the Owner, one for each file of tests."""
    return sign_in(cloud.owner)


@pytest.fixture
def new_principal(cloud):
    """new_principal(role=None, scope=None) -> a service principal with that role there, or without rights."""

    def make(role: str | None = None, scope: str | None = None) -> Principal:
        principal = identities.new_principal(cloud.owner.graph, unique("sp"))
        if role is not None:
            cloud.owner.arm.assign(role, principal.object_id, scope or cloud.server.bootstrap.registry_id)
        return principal

    return make


@pytest.fixture
def registry(cloud) -> Registry:
    """A fresh registry, deleted at the end."""
    name = unique("reg")
    document = cloud.owner.arm.put_registry(name).expect(200, 201).json()
    yield registry_from(cloud.http, document)
    cloud.owner.arm.delete_registry(name)


@pytest.fixture
def group(cloud) -> str:
    """A fresh resource group, deleted at the end."""
    name = unique("group")
    cloud.owner.arm.put_group(name).expect(200, 201)
    yield name
    cloud.owner.arm.call("DELETE", cloud.owner.arm.group_path(name), "2024-11-01")


@pytest.fixture
def write(az) -> Callable[[dict], str]:
    """write(document) -> the name of a file with it, as `@file` arguments take it."""

    def make(document: dict) -> str:
        file = az.work / f"{unique('document')}.json"
        file.write_text(json.dumps(document))
        return str(file)

    return make
