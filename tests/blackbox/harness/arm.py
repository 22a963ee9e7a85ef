"""Azure Resource Manager as one identity."""

import time
import urllib.parse
import uuid

from harness.bootstrap import Bootstrap
from harness.http_client import Http, Response
from harness.tokens import ARM_SCOPE, client_credentials

REGISTRY_VERSION = "2025-11-01"
AUTHORIZATION_VERSION = "2022-04-01"
RESOURCES_VERSION = "2025-04-01"
SUBSCRIPTIONS_VERSION = "2022-12-01"

ROLES = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "AcrDelete": "c2f4ef07-c644-48eb-af81-4b1b4947fb11",
    "AcrImageSigner": "6cef56e8-d556-48e5-a04f-b8e64114680f",
    "Container Registry Data Importer and Data Reader": "577a9874-89fd-4f24-9dbd-b5034d0ad23a",
    "Container Registry Repository Reader": "b93aa761-3e63-49ed-ac28-beffa264f7ac",
    "Container Registry Repository Writer": "2a1e307c-b015-4ebd-883e-5b7698a07328",
    "Container Registry Repository Contributor": "2efddaa5-3f1f-4df3-97df-af3f13818f4c",
    "Container Registry Repository Catalog Lister": "bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7",
}


class Arm:
    """`host` in requests is the address itself: ARM is reached at the bare address of the server."""

    def __init__(self, http: Http, bootstrap: Bootstrap, client_id: str, secret: str):
        self.http = http
        self.bootstrap = bootstrap
        self.client_id = client_id
        self.secret = secret
        self._token: str | None = None

    @property
    def token(self) -> str:
        """Taken once and kept: rights that change afterwards must count all the same."""
        if self._token is None:
            self._token = client_credentials(self.http, self.bootstrap.tenant_id, self.client_id, self.secret, ARM_SCOPE)
        return self._token

    def call(self, method: str, path: str, version: str = REGISTRY_VERSION, **more) -> Response:
        """The answer as it came; `path` may carry a query, the api-version is added."""
        joint = "&" if "?" in path else "?"
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.http.request(method, f"{path}{joint}api-version={version}", headers=headers, **more)

    # Resource groups

    def group_path(self, name: str) -> str:
        return f"{self.bootstrap.subscription_scope}/resourceGroups/{name}"

    def put_group(self, name: str, location: str | None = None) -> Response:
        return self.call("PUT", self.group_path(name), RESOURCES_VERSION,
                         json={"location": location or self.bootstrap.location})

    # Registries

    def registry_path(self, name: str, group: str | None = None) -> str:
        return (f"{self.group_path(group or self.bootstrap.resource_group)}"
                f"/providers/Microsoft.ContainerRegistry/registries/{name}")

    def put_registry(self, name: str, group: str | None = None, sku: str = "Premium", tags: dict | None = None,
                     **properties) -> Response:
        document = {"location": self.bootstrap.location, "sku": {"name": sku}, "properties": properties}
        if tags is not None:
            document["tags"] = tags
        return self.call("PUT", self.registry_path(name, group), json=document)

    def get_registry(self, name: str, group: str | None = None) -> Response:
        return self.call("GET", self.registry_path(name, group))

    def made_registry(self, name: str, group: str | None = None, seconds: float = 60.0) -> dict:
        """The registry when it is made: polled as clients poll it."""
        deadline = time.monotonic() + seconds
        while True:
            document = self.get_registry(name, group).expect(200).json()
            if document["properties"]["provisioningState"] not in ("Creating", "Updating"):
                return document
            assert time.monotonic() < deadline, document
            time.sleep(0.01)

    def patch_registry(self, name: str, group: str | None = None, **document) -> Response:
        return self.call("PATCH", self.registry_path(name, group), json=document)

    def delete_registry(self, name: str, group: str | None = None) -> Response:
        return self.call("DELETE", self.registry_path(name, group))

    # Role definitions

    def role_id(self, guid: str) -> str:
        return f"{self.bootstrap.subscription_scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}"

    def put_role(self, guid: str, properties: dict, scope: str | None = None) -> Response:
        scope = scope or self.bootstrap.subscription_scope
        return self.call("PUT", f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}",
                         AUTHORIZATION_VERSION, json={"properties": properties})

    # Role assignments

    @staticmethod
    def assignment_path(scope: str, guid: str) -> str:
        return f"{scope.rstrip('/')}/providers/Microsoft.Authorization/roleAssignments/{guid}"

    def put_assignment(self, role: str, principal_id: str, scope: str, guid: str | None = None,
                       principal_type: str | None = "ServicePrincipal", condition: str | None = None) -> Response:
        """`role` is a built-in role's name or any role definition's GUID; `guid` names the assignment."""
        properties = {"roleDefinitionId": self.role_id(ROLES.get(role, role)), "principalId": principal_id}
        if principal_type is not None:
            properties["principalType"] = principal_type
        if condition is not None:
            properties |= {"condition": condition, "conditionVersion": "2.0"}
        return self.call("PUT", self.assignment_path(scope, guid or str(uuid.uuid4())), AUTHORIZATION_VERSION,
                         json={"properties": properties})

    def assign(self, role: str, principal_id: str, scope: str, principal_type: str = "ServicePrincipal",
               condition: str | None = None, guid: str | None = None) -> str:
        """The id of the new assignment."""
        return self.put_assignment(role, principal_id, scope, guid, principal_type, condition).expect(201).json()["id"]

    def unassign(self, assignment_id: str) -> None:
        self.call("DELETE", assignment_id, AUTHORIZATION_VERSION).expect(200, 204)

    def list_assignments(self, scope: str, filter_text: str | None = None) -> list[dict]:
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
        if filter_text is not None:
            path += "?$filter=" + urllib.parse.quote(filter_text)
        return self.list(path, AUTHORIZATION_VERSION)

    def list(self, path: str, version: str = REGISTRY_VERSION) -> list[dict]:
        """All pages of a list."""
        answer = self.call("GET", path, version).expect(200).json()
        items = list(answer["value"])
        while answer.get("nextLink"):
            answer = self.http.get(answer["nextLink"], headers={"Authorization": f"Bearer {self.token}"}).expect(200).json()
            items += answer["value"]
        return items
