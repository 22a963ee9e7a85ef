"""az acr login: docker and podman are signed in to a registry with what az is signed in with."""

import json
from pathlib import Path

import pytest

from harness.content import image, unique
from harness.oci import NULL_USER, Oci
from programs.docker import Engine
from sandbox import Place, Sandbox, need


@pytest.fixture
def sandbox():
    made = Sandbox()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def engine(cloud):
    """A docker daemon that trusts the server's certificates."""
    need("docker", root=True)
    started = Engine(Place(cloud.url, Path(cloud.ca_file)))
    yield started
    started.stop()


def test_a_token_is_shown_for_programs(az, cloud, registry):
    shown = az(f"acr login -n {registry.name} --expose-token")
    assert shown["loginServer"] == registry.login_server
    Oci(registry.http, registry.login_server, (NULL_USER, shown["accessToken"])).push("app", image(), reference="1")


def test_whoever_does_not_see_the_registry_may_log_in_to_it(sign_in, new_principal, cloud, registry):
    """AcrPull gives no right to read the resource: az then makes the login server from its name and the suffix."""
    registry.oci(cloud.owner).push("app", image(), reference="1")
    puller = sign_in(new_principal("AcrPull", registry.id))
    shown = puller(f"acr login -n {registry.name} --expose-token")
    client = Oci(registry.http, registry.login_server, (NULL_USER, shown["accessToken"]))
    client.get_manifest("app", "1").expect(200)
    assert client.try_push_blob("app", b"x").status in (401, 403)


def test_podman_is_signed_in(az, cloud, registry, sandbox):
    podman = need("podman", root=True)
    storage = [f"--root={sandbox.fresh()}", f"--runroot={sandbox.fresh()}", f"--tmpdir={sandbox.fresh()}",
               "--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=file"]
    script = sandbox.folder / "podman"
    script.write_text(f"#!/bin/sh\nexec {podman} {' '.join(storage)} \"$@\"\n")
    script.chmod(0o755)
    environment = {name: value for name, value in sandbox.environment.items() if name not in ("PATH", "HOME")}
    trusted = environment | {"SSL_CERT_FILE": cloud.ca_file, "DOCKER_COMMAND": str(script)}
    registry.oci(cloud.owner).push("app", image(), reference="1")
    assert "Login Succeeded" in az(f"acr login -n {registry.name} -o none", **trusted)
    logins = json.loads(Path(environment["REGISTRY_AUTH_FILE"]).read_text())["auths"]
    assert list(logins) == [registry.login_server]
    sandbox.run(need("skopeo"), "inspect", "--raw", f"docker://{registry.login_server}/app:1", SSL_CERT_FILE=cloud.ca_file)


def test_docker_is_signed_in(az, registry, engine, sandbox):
    configuration = sandbox.environment["DOCKER_CONFIG"]
    az(f"acr login -n {registry.name} -o none", DOCKER_HOST=engine.socket, DOCKER_CONFIG=configuration,
       DOCKER_COMMAND=need("docker"))
    logins = json.loads((Path(configuration) / "config.json").read_text())["auths"]
    assert list(logins) == [registry.login_server]


def test_whoever_holds_no_role_is_refused(sign_in, new_principal, registry):
    stranger = sign_in(new_principal())
    told = stranger.refused(f"acr login -n {registry.name} --expose-token")
    assert "SubscriptionNotFound" in told, told
