"""What a program in Python does with Azure's packages for registries; each command prints one line of JSON.

Run by the Python of build/clients/python, in which the packages are.
"""

import hashlib
import io
import json
import os
import sys

from azure.containerregistry import ArtifactTagOrder, ContainerRegistryClient
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.polling.base_polling import LocationPolling, StatusCheckPolling
from azure.identity import ClientSecretCredential
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.core.polling.arm_polling import ARMPolling

ENVIRONMENT = os.environ
ENDPOINT, GROUP = ENVIRONMENT["ENDPOINT"], ENVIRONMENT["GROUP"]
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def credential() -> ClientSecretCredential:
    return ClientSecretCredential(ENVIRONMENT["TENANT"], ENVIRONMENT["CLIENT_ID"], ENVIRONMENT["CLIENT_SECRET"],
                                  authority=ENDPOINT, disable_instance_discovery=True)


def content() -> ContainerRegistryClient:
    return ContainerRegistryClient(ENDPOINT, credential(), audience="https://containerregistry.azure.net", retry_total=0)


def management(**more) -> ContainerRegistryManagementClient:
    return ContainerRegistryManagementClient(
        credential(), ENVIRONMENT["SUBSCRIPTION"], base_url=ENDPOINT,
        credential_scopes=["https://management.azure.com/.default"], retry_total=0, polling_interval=0, **more)


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def push_and_pull(repository: str, tag: str) -> dict:
    with content() as client:
        config, layer = b'{"architecture":"amd64","os":"linux"}', os.urandom(5_000_000)
        blobs = [client.upload_blob(repository, io.BytesIO(data)) for data in (config, layer)]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": blobs[0][0], "size": blobs[0][1]},
                    "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": blobs[1][0], "size": blobs[1][1]}]}
        digest = client.set_manifest(repository, manifest, tag=tag)
        got = client.get_manifest(repository, tag)
        back = b"".join(client.download_blob(repository, blobs[1][0]))
        return {"digest": digest, "same": got.digest == digest and got.manifest == manifest and back == layer,
                "blobs": [digest_of(config), digest_of(layer)]}


def walk(repository: str, tag: str) -> dict:
    with content() as client:
        newest = [one.name for one in client.list_tag_properties(repository, order_by=ArtifactTagOrder.LAST_UPDATED_ON_DESCENDING)]
        properties = client.get_repository_properties(repository)
        manifests = list(client.list_manifest_properties(repository))
        locked = client.update_tag_properties(repository, tag, can_delete=False, can_write=False)
        refusal = 0
        try:
            client.delete_tag(repository, tag)
        except HttpResponseError as error:
            refusal = error.status_code
        client.update_tag_properties(repository, tag, can_delete=True, can_write=True)
        client.update_repository_properties(repository, can_list=True)
        client.delete_tag(repository, tag)
        left = [one.name for one in client.list_tag_properties(repository)]
        client.delete_manifest(repository, manifests[0].digest)
        return {"repositories": list(client.list_repository_names()), "newest": newest, "tags": properties.tag_count,
                "manifests": properties.manifest_count, "size": manifests[0].size_in_bytes, "locked": [locked.can_delete, locked.can_write],
                "refusal": refusal, "left": left, "after": len(list(client.list_manifest_properties(repository)))}


def delete_repository(repository: str) -> dict:
    with content() as client:
        client.delete_repository(repository)
        return {"left": repository in list(client.list_repository_names())}


def registry(name: str, location: str) -> dict:
    with management() as client:
        free = client.registries.check_name_availability({"name": name, "type": "Microsoft.ContainerRegistry/registries"})
        made = client.registries.begin_create(
            GROUP, name, {"location": location, "sku": {"name": "Premium"}, "properties": {"adminUserEnabled": True}}).result()
        again = client.registries.begin_create(
            GROUP, name, {"location": location, "sku": {"name": "Premium"}, "properties": {"adminUserEnabled": True}}).result()
        changed = client.registries.begin_update(GROUP, name, {"tags": {"a": "b"}}).result()
        credentials = client.registries.list_credentials(GROUP, name)
        renewed = client.registries.regenerate_credential(GROUP, name, {"name": "password2"})
        usages = [one.name for one in client.registries.list_usages(GROUP, name).value]
        scope_map = client.scope_maps.begin_create(
            GROUP, name, "sdk-map", {"properties": {"actions": ["repositories/x/content/read"]}}).result()
        token = client.tokens.begin_create(
            GROUP, name, "sdk-token", {"properties": {"scopeMapId": scope_map.id, "status": "enabled"}}).result()
        passwords = client.registries.begin_generate_credentials(GROUP, name, {"tokenId": token.id}).result()
        lists = {kind: len(list(getattr(client, kind).list(GROUP, name)))
                 for kind in ("scope_maps", "tokens", "webhooks", "replications", "cache_rules", "credential_sets")}
        rule = client.cache_rules.begin_create(
            GROUP, name, "sdk-rule", {"properties": {"sourceRepository": "docker.io/library/x", "targetRepository": "x"}}).result()
        client.cache_rules.begin_delete(GROUP, name, "sdk-rule").result()
        client.tokens.begin_delete(GROUP, name, "sdk-token").result()
        client.scope_maps.begin_delete(GROUP, name, "sdk-map").result()
        listed = [one.name for one in client.registries.list()]
        client.registries.begin_delete(GROUP, name).result()
        return {"free": free.name_available, "state": made.provisioning_state, "same": made.id == again.id,
                "tag": changed.tags["a"], "user": credentials.username,
                "renewed": credentials.passwords[1].value != renewed.passwords[1].value, "usages": usages,
                "passwords": len(passwords.passwords), "lists": lists, "rule": rule.name, "listed": name in listed,
                "after": name in [one.name for one in client.registries.list_by_resource_group(GROUP)]}


def create(name: str, location: str) -> dict:
    with management() as client:
        client.registries.begin_create(GROUP, name, {"location": location, "sku": {"name": "Premium"}}).result()
        return {}


class Recorder(SansIOHTTPPolicy):
    """What went over the wire: method, what the last parts of the path are about, status."""

    def __init__(self):
        self.seen = []

    def on_response(self, request, response):
        parts = response.http_request.url.split("?")[0].split("/")
        about = next((one for one in ("operationStatuses", "operationResults") if one in parts), parts[-2])
        self.seen.append([response.http_request.method, about, response.http_response.status_code])

    def taken(self) -> list:
        seen, self.seen = self.seen, []
        return seen


def image_of(source: str, image: str, target: str) -> dict:
    return {"source": {"resourceId": source, "sourceImage": image}, "targetTags": [target], "mode": "Force"}


def styles(name: str, location: str, source: str, image: str) -> dict:
    """All three styles of long-running operations, polled to their end, and what comes of those that fail."""
    recorder = Recorder()
    out = {}
    with management(per_retry_policies=[recorder]) as client:
        made = client.registries.begin_create(GROUP, name, {"location": location, "sku": {"name": "Premium"}}).result()
        out["body"] = {"state": made.provisioning_state, "seen": recorder.taken()}
        for style, polling in (("status", True),
                               ("location", ARMPolling(0, lro_algorithms=[LocationPolling(), StatusCheckPolling()]))):
            poller = client.registries.begin_import_image(GROUP, name, image_of(source, image, "app:1"), polling=polling)
            poller.result()
            out[style] = {"state": poller.status(), "seen": recorder.taken()}
            try:
                client.registries.begin_import_image(
                    GROUP, name, image_of(source, image.split(":")[0] + ":missing", "app:2"), polling=polling).result()
            except HttpResponseError as error:
                out[style] |= {"error": str(error), "failed": recorder.taken()}
        client.registries.begin_delete(GROUP, name).result()
    return out


def main() -> None:
    command, *words = sys.argv[1:]
    commands = {function.__name__: function for function in (push_and_pull, walk, delete_repository, registry, create, styles)}
    try:
        print(json.dumps(commands[command](*words)))
    except HttpResponseError as error:
        sys.exit(f"{error.status_code} {error}")


main()
