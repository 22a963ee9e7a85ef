"""Azure's rule for role assignments, as plainly as it can be written. Shares nothing with the program but the data."""

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.server import CHECKOUT

DATA = CHECKOUT / "src" / "rbac" / "data"


@functools.cache
def matches(pattern: str, operation: str) -> bool:
    """`*` is any run of characters; case does not count; the whole has to match."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), operation, re.IGNORECASE) is not None


def also_matched_as(operation: str) -> tuple[str, ...]:
    """Managed Identity Operator has a `*` for the name of the identity: `userAssignedIdentities/*/assign/action`."""
    resource, _, verb = operation.partition("/userAssignedIdentities/")
    return (f"{resource}/userAssignedIdentities/{{name}}/{verb}",) if verb in ("read", "assign/action") else ()


@dataclass(frozen=True)
class Role:
    id: str
    name: str
    concerns: str
    """The resource provider that it is made for; `*` for all."""
    permissions: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...]

    @functools.cache
    def grants(self, operation: str, is_data_action: bool) -> bool:
        for actions, not_actions, data_actions, not_data_actions in self.permissions:
            include, exclude = (data_actions, not_data_actions) if is_data_action else (actions, not_actions)
            names = (operation, *also_matched_as(operation))
            if (any(matches(one, name) for one in include for name in names)
                    and not any(matches(one, name) for one in exclude for name in names)):
                return True
        return False

    def is_about(self, operation: str) -> bool:
        return self.concerns in ("*", operation.split("/")[0])

    @functools.cache
    def granted(self) -> frozenset[tuple[str, bool]]:
        """Of all operations that there are."""
        return frozenset(one for one in all_operations() if self.grants(*one))


@functools.cache
def built_in_roles() -> tuple[Role, ...]:
    document = json.loads((DATA / "built-in-roles.json").read_text(encoding="utf-8"))
    return tuple(Role(one["id"], one["roleName"], one["concerns"],
                      tuple((tuple(part["actions"]), tuple(part["notActions"]), tuple(part["dataActions"]),
                             tuple(part["notDataActions"])) for part in one["permissions"]))
                 for one in document["roles"])


def role_named(name: str) -> Role:
    return next(role for role in built_in_roles() if role.name == name)


@functools.cache
def all_operations() -> frozenset[tuple[str, bool]]:
    return frozenset((one["name"], one["isDataAction"]) for file in sorted(DATA.glob("*-operations.json"))
                     for one in json.loads(file.read_text(encoding="utf-8"))["operations"])


@dataclass(frozen=True)
class Assignment:
    role: Role
    scope: str


def segments(scope: str) -> list[str]:
    return [part for part in scope.lower().split("/") if part]


def covers(assigned: str, scope: str, tree: Mapping[str, str] = MappingProxyType({})) -> bool:
    """Segment by segment, without regard to case; the root covers all.

    `tree` says which management group a subscription or management group is in: scopes in lower case.
    """
    have, want = segments(assigned), segments(scope)
    if want[:len(have)] == have:
        return True
    # Of a scope in a subscription, the subscription; of a management group, itself.
    top = "/" + "/".join(want[:2] if want[:1] == ["subscriptions"] else want[:4])
    return top in tree and covers(assigned, tree[top], tree)


def is_allowed(assignments: Iterable[Assignment], operation: str, is_data_action: bool, scope: str,
               tree: Mapping[str, str] = MappingProxyType({})) -> bool:
    return any(covers(one.scope, scope, tree) and one.role.grants(operation, is_data_action) for one in assignments)
