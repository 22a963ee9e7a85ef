"""Every example of docs/conditions.md is a condition that the server takes and keeps."""

import pathlib
import re

import pytest

from harness.arm import AUTHORIZATION_VERSION, ROLES

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "conditions.md"
EXAMPLES = re.findall(r"^```\n(.*?)^```$", DOCUMENT.read_text().split("## The language")[0], re.DOTALL | re.MULTILINE)


def test_the_document_has_examples():
    assert len(EXAMPLES) >= 7


@pytest.mark.parametrize("condition", EXAMPLES, ids=lambda text: repr(text[:40]))
def test_an_example_is_taken(arm, registry, new_principal, condition):
    principal = new_principal()
    path = arm.assignment_path(registry.id, principal.object_id)  # any GUID will do as its name
    properties = {"roleDefinitionId": arm.role_id(ROLES["Role Based Access Control Administrator"]), "principalId": principal.object_id,
                  "principalType": "ServicePrincipal", "condition": condition, "conditionVersion": "2.0"}
    created = arm.call("PUT", path, AUTHORIZATION_VERSION, json={"properties": properties}).expect(201).json()
    assert created["properties"]["condition"] == condition
