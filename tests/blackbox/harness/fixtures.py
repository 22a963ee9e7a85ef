"""The pytest fixtures that every folder of tests shares."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import content, identities
from harness.arm import Arm
from harness.graph import Graph
from harness.http_client import Http
from harness.identities import Principal
from harness.oci import Oci
from harness.server import Berth


@dataclass
class Registry:
    """A registry and how to reach it: `http` speaks to the shared listener, `login_server` goes into Host."""

    http: Http
    name: str
    id: str
    login_server: str

    def oci(self, principal: Principal | None = None, mode: str = "bearer") -> Oci:
        """The data plane as `principal`, or as nobody."""
        return Oci(self.http, self.login_server, principal.credentials if principal else None, mode)


def registry_from(http: Http, document: dict) -> Registry:
    return Registry(http, document["name"], document["id"], document["properties"]["loginServer"])


@pytest.fixture(scope="session")
def berth(tmp_path_factory):
    """One server for all tests of this worker. Make names of your own in it and change nothing that others see."""
    server = Berth(tmp_path_factory.mktemp("berth"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_berth(tmp_path):
    """own_berth(*flags, **settings) -> Berth, not started; all of them end with the test."""
    made: list[Berth] = []

    def make(*flags: str, folder: Path | None = None, **settings) -> Berth:
        server = Berth(folder or tmp_path / f"server{len(made)}", *flags, **settings)
        made.append(server)
        return server

    yield make
    for server in made:
        server.kill()


@pytest.fixture(scope="session")
def http(berth):
    """The plain HTTP listener, one connection."""
    client = Http(berth.http)
    yield client
    client.close()


@pytest.fixture(scope="session")
def owner(berth, http) -> Principal:
    return identities.bootstrap_owner(http, berth.bootstrap)


@pytest.fixture(scope="session")
def arm(owner) -> Arm:
    return owner.arm


@pytest.fixture(scope="session")
def graph(owner) -> Graph:
    return owner.graph


@pytest.fixture
def new_principal(arm, graph):
    """new_principal(role=None, scope=None, name=None) -> Principal with that role there, or without rights."""

    def make(role: str | None = None, scope: str | None = None, name: str | None = None) -> Principal:
        principal = identities.new_principal(graph, name or content.unique("sp"))
        if role is not None:
            arm.assign(role, principal.object_id, scope or arm.bootstrap.registry_id)
        return principal

    return make


@pytest.fixture
def new_registry(arm, http):
    """new_registry(**properties) -> Registry, made through ARM and deleted at the end."""
    made: list[str] = []

    def make(name: str | None = None, **properties) -> Registry:
        name = name or content.unique("reg")
        arm.put_registry(name, **properties).expect(200, 201)
        made.append(name)
        return registry_from(http, arm.made_registry(name))

    yield make
    for name in made:
        arm.delete_registry(name)


@pytest.fixture
def registry(new_registry) -> Registry:
    return new_registry()


@pytest.fixture(scope="session")
def first_registry(berth, http) -> Registry:
    """The registry that the first start made."""
    facts = berth.bootstrap
    return Registry(http, facts.registry_name, facts.registry_id, facts.login_server)


@pytest.fixture(scope="session")
def oci(first_registry, owner) -> Oci:
    """The data plane of the first registry as its owner."""
    return first_registry.oci(owner)


@pytest.fixture
def repository() -> str:
    """A repository name that nobody else uses."""
    return f"test/{content.unique('r')}"
