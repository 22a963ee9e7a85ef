"""The program's own route table."""

import functools
import json
import re
import subprocess
from dataclasses import dataclass

from harness.server import binary

PARAMETER = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True)
class Operation:
    name: str
    is_data_action: bool


@dataclass(frozen=True)
class Permission:
    """`operations[mode]`: all of them are needed. A directory permission has none, and no role on resources grants it."""

    name: str
    operations: dict[str, tuple[Operation, ...]]
    directory: bool


@dataclass(frozen=True)
class Route:
    id: str
    method: str
    pattern: str
    protocol: str
    kind: str
    why: str
    permissions: tuple[Permission, ...]
    further: tuple[Permission, ...]
    scope: str

    @property
    def on_registry(self) -> bool:
        return self.protocol == "registry"

    @property
    def parameters(self) -> list[str]:
        return [name.removesuffix("...") for name in PARAMETER.findall(self.pattern)]


REGISTRY_MODE = "LegacyRegistryPermissions"
REPOSITORY_MODE = "AbacRepositoryPermissions"
MODES = (REGISTRY_MODE, REPOSITORY_MODE)


def _operations(documents: list[dict]) -> tuple[Operation, ...]:
    return tuple(Operation(one["name"], one["isDataAction"]) for one in documents)


def _permission(document: dict) -> Permission:
    return Permission(document["name"], {REGISTRY_MODE: _operations(document["registryPermissions"]),
                                         REPOSITORY_MODE: _operations(document["repositoryPermissions"])},
                      "directoryPermission" in document)


@functools.cache
def routes() -> tuple[Route, ...]:
    printed = subprocess.run([binary(), "routes", "--json"], check=True, capture_output=True, text=True).stdout
    return tuple(Route(one["id"], one["method"], one["pattern"], one["protocol"], one["entry"]["kind"],
                       one["entry"].get("why", ""), tuple(map(_permission, one["entry"]["permissions"])),
                       tuple(map(_permission, one["further"])), one["scope"]) for one in json.loads(printed)["routes"])


def route(route_id: str) -> Route:
    return next(one for one in routes() if one.id == route_id)
