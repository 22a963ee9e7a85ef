"""bootstrap.json as typed fields."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Bootstrap:
    """Empty or None is what is not there any more."""

    http: str
    https: str
    ca_file: str | None
    tenant_id: str
    subscription_id: str
    resource_group: str
    location: str
    registry_name: str
    registry_id: str
    login_server: str
    owner_client_id: str
    owner_object_id: str
    owner_secret: str

    @staticmethod
    def read(path: Path) -> "Bootstrap":
        document = json.loads(path.read_text(encoding="utf-8"))
        owner = document["owner"] or {"clientId": None, "objectId": None, "clientSecret": None}
        return Bootstrap(
            http=(document["http"] or "").rstrip("/"),
            https=(document["https"] or "").rstrip("/"),
            ca_file=document["caFile"],
            tenant_id=document["tenantId"],
            subscription_id=document["subscriptionId"],
            resource_group=document["resourceGroup"],
            location=document["location"],
            registry_name=document["registryName"],
            registry_id=document["registryId"],
            login_server=document["loginServer"],
            owner_client_id=owner["clientId"],
            owner_object_id=owner["objectId"],
            owner_secret=owner["clientSecret"],
        )

    @property
    def subscription_scope(self) -> str:
        return f"/subscriptions/{self.subscription_id}"

    @property
    def group_scope(self) -> str:
        return f"{self.subscription_scope}/resourceGroups/{self.resource_group}"
