"""The commands that berth prints when it serves, run as they stand there."""

import json
import shutil

import pytest

from programs import Docker, Podman, Skopeo


def printed(berth, program: str) -> list[str]:
    lines = [line.strip() for line in berth.log.splitlines() if line.startswith("  ")]
    return [line for line in lines if f"{program} " in line and berth.bootstrap.http.partition("//")[2] in line]


@pytest.mark.parametrize("kind", (Docker, Podman, Skopeo), ids=lambda kind: kind.__name__)
def test_they_do_what_they_say(kind, open_client, berth, ways, image, oci):
    client = open_client(kind, ways["http"].place)
    folder = client.sandbox.folder
    more = {}
    if kind is Skopeo:
        shutil.copytree(image.layout, folder / "hello")
        index = json.loads((folder / "hello" / "index.json").read_text())
        index["manifests"] = [{**index["manifests"][0], "annotations": {"org.opencontainers.image.ref.name": "1"}}]
        (folder / "hello" / "index.json").write_text(json.dumps(index))
    elif kind is Podman:
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/root"\nrunroot = "{folder}/runroot"\n')
        more["CONTAINERS_STORAGE_CONF"] = str(folder / "storage.conf")
        client.sandbox.run("podman", "load", "-q", "-i", str(image.archive), **more)
        client.sandbox.run("podman", "tag", "localhost/debian:single", "hello", **more)
    else:
        more["DOCKER_HOST"] = client.engine.socket
        client.load("hello:latest")
        client.run("tag", client.reference("hello:latest"), "hello")
        client.names |= {"hello", client.reference("hello:1")}

    commands = printed(berth, kind.program)
    assert len(commands) >= 2, berth.log
    for command in commands:
        client.sandbox.run("bash", "-euo", "pipefail", "-c", command, **more)
    oci.get_manifest("hello", "1").expect(200)
