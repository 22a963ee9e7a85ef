"""Names, tags, digests, ids and numbers that are none: refused at the door, in the form of the protocol, without a trace."""

import json
import urllib.parse

import pytest

from harness import content, raw_http
from harness.arm import AUTHORIZATION_VERSION, REGISTRY_VERSION
from harness.oci import basic, error_codes

# As they stand in the request line; what follows is the same for all.
TRICKS = ["..", ".", "../..", "%2e%2e", "%2E%2E", ".%2e", "a/../b", "a/..", "a/%2e%2e/b", "a%2f..%2fb", "a%2F%2e%2e%2Fb", "%00",
          "a%00", "a%00b", "a%0a", "a%0d%0aX-Evil:%201", "a%5cb", "..%5c..", "a\\b", "%252e%252e", "a%252fb", "%c0%ae%c0%ae",
          "%c0%af", "%ff", "%", "%2", "%zz", "a%", "a%g0", "%u002e", "a;b", "a%3fb", "a%23b", "a%20b", "a+b", "A", "%41", "%C3%84",
          "//", "a//b", "%2f", "a%2f", "%2fa", "a%2f%2fb", "~root", "$HOME", "%7e", "a'b", 'a"b', "a<b>", "{a}", "a|b", "a^b", "`a`"]
LONG = [300, 5000, 20_000]


def raw(berth, owner, method: str, target: str, host: str, body: bytes = b"", headers: str = "") -> raw_http.RawAnswer:
    """A request whose target is sent as it stands."""
    head = (f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {basic(*owner.credentials)}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n")
    return raw_http.send(berth.http, head.encode("latin-1") + body)


def assert_refused(answer: raw_http.RawAnswer, what: str) -> None:
    assert answer.status in (400, 404), f"{what}: {answer}"
    assert not any(name == "x-evil" for name in answer.headers), answer
    if answer.status != 431:
        errors = json.loads(answer.body)["errors"]
        assert errors and errors[0]["code"], f"{what}: {answer}"


@pytest.mark.parametrize("name", TRICKS)
def test_repository_names(berth, owner, first_registry, name):
    host = first_registry.login_server
    before = first_registry.oci(owner).get("/v2/_catalog?n=1000").json()["repositories"]
    for method, rest in (("GET", "tags/list"), ("GET", "manifests/latest"), ("PUT", "manifests/latest"), ("POST", "blobs/uploads/"),
                         ("DELETE", "manifests/latest"), ("GET", f"referrers/{content.random_digest()}")):
        # Two names: bare, and behind a good one. The bare "%2f" and the like leave an empty name.
        for prefix in ("", "good/"):
            target = f"/v2/{prefix}{name}/{rest}"
            assert_refused(raw(berth, owner, method, target, host, headers=f"Content-Type: {content.OCI_MANIFEST}\r\n"), target)
    after = first_registry.oci(owner).get("/v2/_catalog?n=1000").json()["repositories"]
    assert [new for new in after if new not in before and not new.startswith("test/")] == []


@pytest.mark.parametrize("length", LONG)
def test_long_repository_names(oci, length):
    for name in ("a" * length, "/".join(["a"] * (length // 2)), "a-" * (length // 2) + "a"):
        for method, rest in (("GET", "tags/list"), ("POST", "blobs/uploads/"), ("PUT", "manifests/latest")):
            answer = oci.request(method, f"/v2/{name}/{rest}", headers={"Content-Type": content.OCI_MANIFEST})
            assert answer.status == 400, answer


def test_longest_name_that_all_clients_can_use(oci):
    """255 characters with the host, says the specification's note to implementers: 200 always fit."""
    name = content.unique() + "/" + "a" * 180
    oci.push(name, content.image(layers=0), "latest")
    assert oci.tags(name) == ["latest"]


@pytest.mark.parametrize("tag", [trick for trick in TRICKS if trick not in ("A", "%41", "//")])
def test_tags(berth, owner, oci, first_registry, repository, tag):
    manifest = content.image(layers=0)
    oci.push(repository, manifest, "good")
    host = first_registry.login_server
    for method, body in (("GET", b""), ("HEAD", b""), ("PUT", manifest.data), ("DELETE", b"")):
        target = f"/v2/{repository}/manifests/{tag}"
        answer = raw(berth, owner, method, target, host, body, f"Content-Type: {content.OCI_MANIFEST}\r\n")
        if method == "HEAD":
            assert answer.status in (400, 404), f"{target}: {answer}"
        else:
            assert_refused(answer, target)
    assert oci.tags(repository) == ["good"]
    assert oci.get_manifest(repository, "good").status == 200


@pytest.mark.parametrize("length", [129, *LONG])
def test_long_tags(oci, repository, length):
    manifest = content.image(layers=0)
    oci.push(repository, manifest)
    answer = oci.put_manifest(repository, "t" * length, manifest.data)
    assert answer.status == 400, answer
    answer = oci.put_manifest(repository, manifest.digest, manifest.data, query="?tag=" + "t" * length)
    assert answer.status == 400, answer
    assert oci.tags(repository) == []


HEX = "a" * 64
DIGESTS = ["sha256:..", "sha256:../../../etc/passwd", "sha256:%2e%2e%2fx", f"sha256:{HEX}/..", f"sha256:{HEX}%00", f"sha256:{HEX}%0a",
           f"sha256:{HEX.upper()}", f"SHA256:{HEX}", f"Sha256:{HEX}", f"sha256:{HEX}a", f"sha256:{HEX[1:]}", f"sha256:{HEX[1:]}g",
           f"sha512:{HEX}", f"sha256-{HEX}", f"sha256::{HEX}", f":{HEX}", "sha256:", f"sha1:{'a' * 40}", f"md5:{'a' * 32}",
           f"sha256%00:{HEX}", f"sha256:{HEX}:{HEX}", f"+sha256:{HEX}", f"sha256:{HEX[2:]}%61%61a", f"{HEX}", "sha256:" + "a" * 20_000]


@pytest.mark.parametrize("digest", DIGESTS, ids=lambda digest: digest[:30])
def test_digests(berth, owner, oci, first_registry, repository, digest):
    manifest = content.image(layers=0)
    oci.push(repository, manifest, "good")
    host = first_registry.login_server
    for method, target in (("GET", f"/v2/{repository}/blobs/{digest}"), ("DELETE", f"/v2/{repository}/blobs/{digest}"),
                           ("GET", f"/v2/{repository}/referrers/{digest}"),
                           ("POST", f"/v2/{repository}/blobs/uploads/?digest={digest}")):
        answer = raw(berth, owner, method, target, host)
        assert_refused(answer, target)
        if "/" not in digest and "%2f" not in digest and "referrers" in target:
            assert answer.status != 404, f"a list of referrers is never 404: {answer}"
    mount = raw(berth, owner, "POST", f"/v2/{repository}/blobs/uploads/?mount={digest}&from={repository}", host)
    assert mount.status == 400, mount
    if ":" in digest:
        answer = raw(berth, owner, "PUT", f"/v2/{repository}/manifests/{digest}", host, manifest.data,
                     f"Content-Type: {content.OCI_MANIFEST}\r\n")
        assert_refused(answer, digest)


@pytest.mark.parametrize("upload", [trick for trick in TRICKS if trick not in (".", "//")] + ["0", "a" * 64, "a" * 20_000],
                         ids=lambda upload: upload[:30])
def test_upload_ids(berth, owner, first_registry, oci, repository, upload):
    oci.push(repository, content.image(layers=0), "good")
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        query = f"?digest={content.random_digest()}" if method == "PUT" else ""
        target = f"/v2/{repository}/blobs/uploads/{upload}{query}"
        assert_refused(raw(berth, owner, method, target, first_registry.login_server), target)


def test_escaped_slashes_and_colons_reach_the_same(berth, owner, oci, first_registry, repository):
    """acr-data-plane section 0: the Azure SDKs escape the name and the digest."""
    manifest = content.image()
    oci.push(repository, manifest, "latest")
    digest = content.digest_of(manifest.blobs[0])
    for name in (repository.replace("/", "%2F"), repository.replace("/", "%2f")):
        for target, body in ((f"/v2/{name}/manifests/latest", manifest.data),
                             (f"/v2/{name}/manifests/{manifest.digest.replace(':', '%3A')}", manifest.data),
                             (f"/v2/{name}/blobs/{digest.replace(':', '%3a')}", manifest.blobs[0])):
            answer = raw(berth, owner, "GET", target, first_registry.login_server)
            assert answer.status == 200 and answer.body == body, answer
        assert raw(berth, owner, "GET", f"/v2/{name}/tags/list", first_registry.login_server).status == 200
        assert raw(berth, owner, "POST", f"/v2/{name}/blobs/uploads/", first_registry.login_server).status == 202


# Numbers

LISTS = ["/v2/_catalog", "/v2/{repository}/tags/list"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("number", ["-1", "-99999999999999999999", "x", "1x", "1.5", "0x10", "", "%00", "1%00", "+1", "%2B1", "1e3", "--1",
                                    "NaN", "1%202", "%201"])
def test_n_that_is_no_number(oci, repository, path, number):
    oci.push(repository, content.image(layers=0), "latest")
    answer = oci.get(path.format(repository=repository) + f"?n={number}")
    assert answer.status == 400, answer
    assert error_codes(answer)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("number", ["100000", "2147483648", "9223372036854775807", "18446744073709551616", "9" * 30])
def test_n_that_is_large_is_clamped(oci, repository, path, number):
    oci.push(repository, content.image(layers=0), "latest")
    oci.get(path.format(repository=repository) + f"?n={number}").expect(200)


@pytest.mark.parametrize("path", LISTS)
def test_n_of_0(oci, repository, path):
    oci.push(repository, content.image(layers=0), "latest")
    answer = oci.get(path.format(repository=repository) + "?n=0").expect(200)
    assert [value for value in answer.json().values() if isinstance(value, list)] == [[]]
    assert answer.header("Link") is None


@pytest.mark.parametrize("last", TRICKS + ["x" * 5000])
def test_last_that_is_no_tag(berth, owner, oci, first_registry, repository, last):
    """Either it is refused or it is a place in the order like any other."""
    oci.push(repository, content.image(layers=0), "latest")
    for path in (f"/v2/{repository}/tags/list", "/v2/_catalog"):
        target = f"{path}?last={last.replace('#', '%23')}"
        answer = raw(berth, owner, "GET", target, first_registry.login_server)
        assert answer.status in (200, 400), f"{target}: {answer}"


# Ids of Azure Resource Manager

@pytest.mark.parametrize("name", ["..", "%2e%2e", "a%2fb", "%00abcdef", "abcde%00", "reg-name", "reg_name", "a.b.c.d.e", "ab", "abcd", "x" * 51,
                                  "x" * 5000, "régistry", "reg%20name", "%", "reg;name", "reg'name"])
def test_registry_names_in_paths(berth, arm, http, name):
    path = arm.registry_path(name.encode().decode("latin-1"))
    body = json.dumps({"location": berth.bootstrap.location, "sku": {"name": "Premium"}, "properties": {}}).encode()
    head = (f"PUT {path}?api-version={REGISTRY_VERSION} HTTP/1.1\r\nHost: {urllib.parse.urlsplit(berth.http).netloc}\r\n"
            f"Authorization: Bearer {arm.token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Connection: close\r\n\r\n")
    answer = raw_http.send(berth.http, head.encode("latin-1") + body)
    assert answer.status in (400, 404), answer
    assert json.loads(answer.body)["error"]["code"], answer
    names = [registry["name"] for registry in arm.list(arm.group_path(berth.bootstrap.resource_group)
                                                       + "/providers/Microsoft.ContainerRegistry/registries")]
    assert name not in names


@pytest.mark.parametrize("guid", ["..", "%2e%2e", "not-a-guid", "%00", "0", "00000000-0000-0000-0000-00000000000g",
                                  "00000000-0000-0000-0000-0000000000000", "x" * 5000])
def test_ids_of_assignments_and_definitions(arm, berth, guid):
    scope = berth.bootstrap.registry_id
    for kind in ("roleAssignments", "roleDefinitions"):
        answer = arm.call("PUT", f"{scope}/providers/Microsoft.Authorization/{kind}/{guid}", AUTHORIZATION_VERSION, json={
            "properties": {"roleDefinitionId": arm.role_id("7f951dda-4ed3-4680-a7ca-43fe172d538d"),
                           "principalId": berth.bootstrap.owner_object_id, "roleName": content.unique(),
                           "permissions": [{"actions": ["*/read"]}], "assignableScopes": [scope]}})
        assert answer.status == 400, answer
        assert answer.json()["error"]["code"], answer


@pytest.mark.parametrize("scope", ["/subscriptions/..", "/subscriptions/not-a-guid", "/subscriptions/%00", "/subscriptions/{s}/resourceGroups/..",
                                   "/subscriptions/{s}/resourceGroups/%00", "/subscriptions/{s}/resourceGroups/" + "g" * 200,
                                   "/subscriptions/{s}/resourceGroups/a%2fb", "/subscriptions/{s}/resourceGroups/name."])
def test_scopes_of_groups(arm, berth, scope):
    path = scope.format(s=berth.bootstrap.subscription_id)
    answer = arm.call("PUT", path, "2025-04-01", json={"location": berth.bootstrap.location})
    assert answer.status in (400, 404, 405), answer
    assert answer.json()["error"]["code"], answer
