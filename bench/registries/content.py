"""What is stored in every registry before anything is measured: the same through the same requests."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from . import load
from .servers import Berth, Server

TAGS = 1000
REPOSITORIES = 500
PREFIX = "seed/"
REPOSITORY = PREFIX + "push-0"   # one image: what is read
TAGGED = PREFIX + "push-1"       # the one with many tags
TAG = "seed-0-0"
SMALL_BLOB = b"a small blob of seventy-seven bytes: signatures and configs are not much more"


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


@dataclass
class Seeded:
    """Where the load program finds what was stored."""

    manifest: bytes
    manifest_headers: dict
    manifest_file: Path  # of the image with many tags

    @property
    def by_tag(self) -> str:
        return f"/v2/{REPOSITORY}/manifests/{TAG}"

    @property
    def by_digest(self) -> str:
        return f"/v2/{REPOSITORY}/manifests/{digest_of(self.manifest)}"

    @property
    def blob(self) -> str:
        return f"/v2/{REPOSITORY}/blobs/{digest_of(SMALL_BLOB)}"


def writing(server: Server) -> str:
    """An Authorization for writing anywhere: berth's own password counts everywhere, others ask for none."""
    return server.basic if isinstance(server, Berth) else ""


def push_blob(server: Server, repository: str, content: bytes) -> None:
    status, body, headers = server.request("POST", f"/v2/{repository}/blobs/uploads/", authorization=writing(server))
    if status != 202:
        raise RuntimeError(f"{server.name}: the start of an upload answered {status}: {body[:300]!r}")
    location = headers["location"]
    location = location[location.index("/v2/"):]
    joint = "&" if "?" in location else "?"
    status, body, _ = server.request("PUT", f"{location}{joint}digest={digest_of(content)}", content,
                                     {"Content-Type": "application/octet-stream"}, writing(server))
    if status != 201:
        raise RuntimeError(f"{server.name}: the end of an upload answered {status}: {body[:300]!r}")


def seed(server: Server, folder: Path, repositories: int = REPOSITORIES, tags: int = TAGS) -> Seeded:
    """Repositories with one image each; in the first of them a small blob and many tags on the image."""
    load.run(server, "images", "--run", "seed", "--prefix", PREFIX, authorization=writing(server), connections=repositories,
             operations=repositories)
    push_blob(server, REPOSITORY, SMALL_BLOB)
    status, manifest, headers = server.request(
        "GET", f"/v2/{REPOSITORY}/manifests/{TAG}", headers={"Accept": "application/vnd.oci.image.manifest.v1+json"},
        authorization=writing(server))
    if status != 200:
        raise RuntimeError(f"{server.name}: the pushed manifest answered {status}")
    file = folder / f"manifest-{digest_of(manifest)[7:19]}"
    status, tagged, _ = server.request(
        "GET", f"/v2/{TAGGED}/manifests/seed-1-0", headers={"Accept": "application/vnd.oci.image.manifest.v1+json"},
        authorization=writing(server))
    if status != 200:
        raise RuntimeError(f"{server.name}: the pushed manifest answered {status}")
    file.write_bytes(tagged)
    load.run(server, "tags", "--run", "tag", "--repository", TAGGED, "--manifest", str(file),
             authorization=writing(server), connections=8, operations=tags - 1)
    return Seeded(manifest, headers, file)


def check_list(server: Server, path: str, key: str, count: int, authorization: str) -> str:
    """Fetches a list, checks that it has as many different names as it should, and gives the digest of its bytes."""
    status, body, _ = server.request("GET", path, authorization=authorization)
    names = json.loads(body)[key] if status == 200 else []
    if len(set(names)) != count or len(names) != count:
        raise RuntimeError(f"{server.name}: GET {path} answered {status} with {len(names)} of {count} names")
    return digest_of(body)


def assign_roles(server: Berth, assignments: int, roles: int) -> None:
    """Made through ARM, as people would, until there are so many in all: a subscription holds 4,000 assignments."""
    import concurrent.futures
    import uuid

    token = server.arm_token()
    group = f"/subscriptions/{server.bootstrap['subscriptionId']}/resourceGroups/{server.bootstrap['resourceGroup']}"
    definitions = [str(uuid.uuid4()) for _ in range(roles)]
    prefix = "/providers/Microsoft.Authorization"
    subscription = f"/subscriptions/{server.bootstrap['subscriptionId']}"

    def put(path: str, document: dict) -> None:
        status, body, _ = server.request("PUT", f"{path}?api-version=2022-04-01", json.dumps({"properties": document}).encode(),
                                         {"Content-Type": "application/json"}, token)
        if status not in (200, 201):
            raise RuntimeError(f"PUT {path} answered {status}: {body[:300]!r}")

    def role(number: int) -> None:
        put(f"{subscription}{prefix}/roleDefinitions/{definitions[number]}", {
            "roleName": f"Role {number}", "type": "CustomRole", "assignableScopes": [subscription],
            "permissions": [{"actions": ["Microsoft.ContainerRegistry/registries/pull/read"], "notActions": []}]})

    def assignment(number: int) -> None:
        put(f"{group}{prefix}/roleAssignments/{uuid.uuid4()}", {
            "roleDefinitionId": f"{subscription}{prefix}/roleDefinitions/{definitions[number % roles]}",
            "principalId": server.bootstrap["owner"]["objectId"]})

    status, body, _ = server.request("GET", f"{subscription}{prefix}/roleAssignments?api-version=2022-04-01", authorization=token)
    if status != 200:
        raise RuntimeError(f"the list of assignments answered {status}: {body[:300]!r}")
    there = len(json.loads(body)["value"])
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(role, range(roles)))
        list(pool.map(assignment, range(assignments - there)))
