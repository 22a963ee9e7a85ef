"""Graph's addKey and removeKey: certificates one by one, by who proves to have one (Microsoft Graph v1.0)."""

import base64
import subprocess
import time

import pytest

from harness.tokens import Key, assemble

AUDIENCE = "00000002-0000-0000-c000-000000000000"


class Certificate:
    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.key = Key("RS256", folder)
        command = ["openssl", "req", "-x509", "-key", str(self.key.file), "-days", "30", "-subj", "/CN=robot", "-outform", "DER"]
        self.der = subprocess.run(command, check=True, capture_output=True).stdout

    def credential(self, **more) -> dict:
        return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(self.der).decode(), **more}

    def proof(self, owner: str, **change) -> str:
        now = int(time.time())
        claims = {"aud": AUDIENCE, "iss": owner, "nbf": now, "exp": now + 600, **change}
        return assemble({"alg": "RS256", "typ": "JWT"}, {name: value for name, value in claims.items() if value is not None},
                        self.key.sign)


@pytest.fixture(params=("applications", "servicePrincipals"))
def rolling(request, graph, new_principal, tmp_path):
    """(path, object id, its certificate, another certificate)"""
    principal = new_principal()
    owner = principal.application_id if request.param == "applications" else principal.object_id
    first, second = Certificate(tmp_path / "first"), Certificate(tmp_path / "second")
    path = f"/{request.param}/{owner}"
    graph.call("PATCH", path, json={"keyCredentials": [first.credential()]}).expect(204)
    return path, owner, first, second


def keys(graph, path: str) -> list[str]:
    return [one["keyId"] for one in graph.call("GET", path).expect(200).json()["keyCredentials"]]


def test_a_certificate_is_rolled(graph, rolling):
    path, owner, first, second = rolling
    before = keys(graph, path)
    added = graph.call("POST", f"{path}/addKey", json={
        "keyCredential": second.credential(displayName="next"), "passwordCredential": None, "proof": first.proof(owner)}).expect(200).json()
    assert added["key"] is None and added["displayName"] == "next" and added["type"] == "AsymmetricX509Cert"
    assert sorted(keys(graph, path)) == sorted([*before, added["keyId"]])
    graph.call("POST", f"{path}/removeKey", json={"keyId": before[0], "proof": second.proof(owner)}).expect(204)
    assert keys(graph, path) == [added["keyId"]]
    refused = graph.call("POST", f"{path}/removeKey", json={"keyId": added["keyId"], "proof": first.proof(owner)}).expect(400)
    assert "no certificate of the object" in refused.json()["error"]["message"], "the old one proves nothing any more"


def test_what_proves_nothing(graph, rolling, tmp_path):
    path, owner, first, second = rolling
    now = int(time.time())
    other = "11111111-1111-4111-8111-111111111111"
    before = keys(graph, path)
    for proof, why in ((None, "missing"), ("x", "malformed"), (5, "missing"), (first.proof(other), "'iss'"),
                       (first.proof(owner, aud="https://graph.microsoft.com"), "'aud'"), (first.proof(owner, exp=now - 600), "expired"),
                       (first.proof(owner, exp=now + 7200), "may live 10 minutes"), (first.proof(owner, exp=None), "lacks 'exp'"),
                       (first.proof(owner, nbf=now + 3600, exp=now + 3700), "not valid before"),
                       (second.proof(owner), "no certificate of the object"),
                       (first.proof(owner)[:-8] + "AAAAAAAA", "no certificate of the object"),
                       (assemble({"alg": "none"}, {"aud": AUDIENCE, "iss": owner, "exp": now + 60}), "malformed")):
        for verb, body in (("addKey", {"keyCredential": second.credential()}), ("removeKey", {"keyId": before[0]})):
            refused = graph.call("POST", f"{path}/{verb}", json={**body, "proof": proof}).expect(400).json()["error"]
            assert why in refused["message"], refused
    assert keys(graph, path) == before


def test_bodies_that_are_refused(graph, rolling):
    path, owner, first, second = rolling
    proof = first.proof(owner)
    for body in ({}, {"keyCredential": 5}, {"keyCredential": {"type": "AsymmetricX509Cert"}}, {"keyCredential": {**second.credential(), "key": "x"}},
                 {"keyCredential": second.credential(type="X509CertAndPassword")},
                 {"keyCredential": second.credential(), "passwordCredential": {"secretText": "x"}}):
        graph.call("POST", f"{path}/addKey", json={**body, "proof": proof}).expect(400)
    for key_id in (None, "x", "11111111-1111-4111-8111-111111111111"):
        graph.call("POST", f"{path}/removeKey", json={"keyId": key_id, "proof": proof}).expect(400)
    nobody = f"/{path.split('/')[1]}/11111111-1111-4111-8111-111111111111"
    graph.call("POST", f"{nobody}/addKey", json={"keyCredential": second.credential(), "proof": proof}).expect(404)


def test_who_may_not_change_it_rolls_nothing(rolling, new_principal):
    path, owner, first, second = rolling
    answer = new_principal().graph.call("POST", f"{path}/addKey", json={"keyCredential": second.credential(), "proof": first.proof(owner)})
    assert answer.status == 403
