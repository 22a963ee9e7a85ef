"""Makes version-N.tar.gz: a small data folder as the program of an earlier data version left it, with what a test needs to
use it (facts.json). Run with that program: BERTH_BINARY=old/berth python3 tests/blackbox/data_versions/make.py 2"""

import json
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import content, identities  # noqa: E402
from harness.fixtures import registry_from  # noqa: E402
from harness.http_client import Http  # noqa: E402
from harness.oci import Oci  # noqa: E402
from harness.server import Berth  # noqa: E402

LARGE = b"".join(b"line %08d of a blob that is a file\n" % number for number in range(4000))


def fill(server: Berth) -> dict:
    http = Http(server.http)
    owner = identities.bootstrap_owner(http, server.bootstrap)
    facts = server.bootstrap
    arm, graph = owner.arm, owner.graph
    oci = Oci(http, facts.login_server, owner.credentials)

    images = {}
    small = content.image(size=50)
    oci.push("app", small, "v1")
    oci.push("app", small, "latest")
    images["app:v1"] = small.digest
    large = content.Manifest(content.OCI_MANIFEST, content.encode({
        "schemaVersion": 2, "mediaType": content.OCI_MANIFEST, "config": content.descriptor(b"{}", content.OCI_EMPTY),
        "layers": [content.descriptor(LARGE, content.OCI_LAYER)]}), (b"{}", LARGE))
    oci.push("team/large", large, "v1")
    images["team/large:v1"] = large.digest
    index = content.index([{**small.descriptor(), **content.platform("amd64")}])
    oci.push("app", index, "multi")
    images["app:multi"] = index.digest
    signature = content.artifact("application/vnd.example.signature", subject=small.descriptor())
    oci.push("app", signature)
    gone = content.image(size=40)
    oci.push("app", gone, "gone")
    oci.delete(f"/v2/app/manifests/{gone.digest}").expect(202)
    never_listed = content.random_blob(100)
    oci.push_blob("app", never_listed)

    puller = identities.new_principal(graph, "old puller")
    arm.assign("AcrPull", puller.object_id, facts.registry_id)
    member = identities.new_principal(graph, "old member")
    group = graph.create_group("old group")
    graph.add_member(group["id"], member.object_id)
    role = "5b1d9f5e-0c53-4b11-9f0f-0d2a8a6f2a01"
    arm.put_role(role, {"roleName": "old role", "description": "", "type": "CustomRole", "permissions": [
        {"actions": ["Microsoft.ContainerRegistry/registries/pull/read", "Microsoft.ContainerRegistry/registries/push/write"],
         "notActions": [], "dataActions": [], "notDataActions": []}],
        "assignableScopes": [facts.subscription_scope]}).expect(200, 201)
    arm.assign(role, group["id"], facts.registry_id, principal_type="Group")

    arm.call("PATCH", facts.registry_id, json={"properties": {"adminUserEnabled": True}}).expect(200)
    admin = arm.call("POST", f"{facts.registry_id}/listCredentials").expect(200).json()

    arm.call("PUT", f"{facts.registry_id}/scopeMaps/oldmap", json={"properties": {"actions": [
        "repositories/app/content/read", "repositories/app/metadata/read"]}}).expect(200, 201)
    arm.call("PUT", f"{facts.registry_id}/tokens/oldtoken", json={"properties": {
        "scopeMapId": f"{facts.registry_id}/scopeMaps/oldmap", "status": "enabled"}}).expect(200, 201)
    passwords = arm.call("POST", f"{facts.registry_id}/generateCredentials", json={
        "tokenId": f"{facts.registry_id}/tokens/oldtoken"}).expect(200).json()["passwords"]

    second = registry_from(http, arm.put_registry("secondone", roleAssignmentMode="AbacRepositoryPermissions")
                           .expect(200, 201).json())
    reader = identities.new_principal(graph, "old reader")
    arm.assign("Container Registry Repository Reader", reader.object_id, second.id, condition=(
        "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})) OR "
        "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'open'))"))
    writer = identities.new_principal(graph, "old writer")
    arm.assign("Container Registry Repository Writer", writer.object_id, second.id)
    for name in ("open", "closed"):
        Oci(http, second.login_server, writer.credentials).push(name, small, "v1")

    http.close()
    return {"images": images, "small": small.digest, "signature": signature.digest, "gone": gone.digest,
            "neverListed": content.digest_of(never_listed), "large": content.digest_of(LARGE),
            "puller": puller.credentials, "member": member.credentials, "reader": reader.credentials,
            "writer": writer.credentials, "role": role,
            "admin": [admin["username"], admin["passwords"][0]["value"]],
            "token": ["oldtoken", passwords[0]["value"]]}


def main(version: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = Berth(Path(folder))
        server.start()
        facts = fill(server)
        server.stop()
        (server.data / "facts.json").write_text(json.dumps(facts, indent=1))
        target = Path(__file__).with_name(f"version-{version}.tar.gz")
        with tarfile.open(target, "w:gz", compresslevel=9) as archive:
            for path in sorted(server.data.rglob("*")):
                if path.name in ("lock", "berth.db-shm"):
                    continue
                entry = archive.gettarinfo(path, str(path.relative_to(server.data)))
                entry.uid = entry.gid = 0
                entry.uname = entry.gname = ""
                if path.is_file():
                    with open(path, "rb") as stream:
                        archive.addfile(entry, stream)
                else:
                    archive.addfile(entry)
        print(f"{target.name}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
