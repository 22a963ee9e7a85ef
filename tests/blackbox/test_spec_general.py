"""What the specification says about the API as a whole: support, names, errors, warnings, HTTP semantics."""

import re
import urllib.parse

import pytest

from harness import content
from harness.http_client import Response
from harness.oci import Oci, error_codes

CODES = {"BLOB_UNKNOWN", "BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID", "MANIFEST_BLOB_UNKNOWN",
         "MANIFEST_INVALID", "MANIFEST_UNKNOWN", "NAME_INVALID", "NAME_UNKNOWN", "SIZE_INVALID", "UNAUTHORIZED", "DENIED",
         "UNSUPPORTED", "TOOMANYREQUESTS"}

GOOD_NAMES = ["a", "0", "abc/def/ghi", "a.b", "a_b", "a__b", "a-b", "a----b", "0a/1b/2c", "a/b/c/d/e/f/g/h/i/j"]
BAD_NAMES = ["A", "aB/c", "-a", "a-", "_a", "a_", "a___b", "a..b", ".a", "a.", "a//b", "a/-b", "a+b", "a b", "a%20b", "é"]


def test_base_endpoint_answers_200(oci):
    assert oci.get("/v2/").status == 200


def test_every_endpoint_is_there(oci, repository):
    """One image's whole life, by way of each endpoint of the specification's table."""
    manifest = content.image()
    config, layer = manifest.blobs
    digest = manifest.digest
    oci.get("/v2/").expect(200)                                                                              # end-1
    location = oci.location(oci.start_upload(repository).expect(202))                                        # end-4a
    location = oci.location(oci.patch_upload(location, layer, 0).expect(202))                                # end-5
    location = oci.location(oci.get(location).expect(204))                                                   # end-13
    oci.finish_upload(location, content.digest_of(layer)).expect(201)                                        # end-6
    oci.post(f"/v2/{repository}/blobs/uploads/?digest={content.digest_of(config)}", body=config,
             headers={"Content-Type": "application/octet-stream"}).expect(201)                               # end-4b
    started = oci.post(f"/v2/{repository}/blobs/uploads/?digest-algorithm=sha512").expect(202)               # end-4c
    oci.delete(oci.location(started)).expect(204)                                                            # end-14
    oci.put_manifest(repository, "latest", manifest.data).expect(201)                                        # end-7a
    oci.put_manifest(repository, digest, manifest.data, query="?tag=one&tag=two").expect(201)                # end-7b
    oci.get(f"/v2/{repository}/tags/list").expect(200)                                                       # end-8a
    oci.get(f"/v2/{repository}/tags/list?n=1&last=latest").expect(200)                                       # end-8b
    for method in ("GET", "HEAD"):
        oci.request(method, f"/v2/{repository}/blobs/{content.digest_of(layer)}").expect(200)                # end-2
        oci.request(method, f"/v2/{repository}/manifests/latest").expect(200)                                # end-3
    oci.get(f"/v2/{repository}/referrers/{digest}").expect(200)                                              # end-12a
    oci.get(f"/v2/{repository}/referrers/{digest}?artifactType=a/b").expect(200)                             # end-12b
    oci.post(f"/v2/{repository}/copy/blobs/uploads/?mount={content.digest_of(layer)}&from={repository}").expect(201)  # end-11
    oci.delete(f"/v2/{repository}/manifests/{digest}").expect(202)                                           # end-9
    oci.delete(f"/v2/{repository}/blobs/{content.digest_of(layer)}").expect(202)                             # end-10


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_names_of_the_grammar_are_accepted(oci, name):
    unique_name = f"{name}/{content.unique()}"
    oci.push(unique_name, content.image(layers=0), "latest")
    assert oci.get_manifest(unique_name, "latest").status == 200


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_outside_the_grammar_are_refused(oci, name):
    path = urllib.parse.quote(name, safe="/+%")
    for method, rest in (("GET", "tags/list"), ("GET", "manifests/latest"), ("POST", "blobs/uploads/")):
        answer = oci.request(method, f"/v2/x/{path}/{rest}")
        assert answer.status in (400, 404), answer
        assert set(error_codes(answer)) <= {"NAME_INVALID", "NAME_UNKNOWN", "UNSUPPORTED"}, answer


def refusals(oci: Oci, repository: str) -> list[Response]:
    """Refusals of every kind that a client can provoke."""
    manifest = content.image()
    oci.push(repository, manifest, "latest")
    nowhere = f"{repository}/nowhere"
    started = oci.location(oci.start_upload(repository).expect(202))
    broken = content.encode({**content.image().document, "layers": "none"})
    return [
        Oci(oci.http, oci.host, mode="none").get("/v2/"),
        Oci(oci.http, oci.host, mode="none").get_manifest(repository, "latest"),
        oci.get_manifest(repository, "absent"),
        oci.get_manifest(repository, content.random_digest()),
        oci.get_manifest(nowhere, "latest"),
        oci.get_manifest(repository, "sha256:short"),
        oci.get_blob(repository, content.random_digest()),
        oci.get_blob(repository, "sha256:short"),
        oci.get(f"/v2/{nowhere}/tags/list"),
        oci.get(f"/v2/{repository}/tags/list?n=many"),
        oci.get(f"/v2/{repository}/referrers/nothing"),
        oci.get(f"/v2/{repository.upper()}/tags/list"),
        oci.finish_upload(started, content.random_digest(), b"other bytes"),
        oci.put_manifest(repository, "broken", broken),
        oci.put_manifest(repository, "broken", content.image().data),
        oci.put_manifest(repository, content.random_digest(), manifest.data),
        oci.get(f"/v2/{repository}/blobs/uploads/00000000-0000-0000-0000-000000000000"),
        oci.delete(f"/v2/{repository}/blobs/{content.random_digest()}"),
        oci.delete(f"/v2/{repository}/manifests/absent"),
    ]


def test_errors_have_the_form_of_the_specification(oci, repository):
    for answer in refusals(oci, repository):
        assert 400 <= answer.status < 500, answer
        assert (answer.header("Content-Type") or "").startswith("application/json"), answer
        document = answer.json()
        assert set(document) == {"errors"}, answer
        for error in document["errors"]:
            assert re.fullmatch("[A-Z_]+", error["code"]), answer
            assert set(error) <= {"code", "message", "detail"}, answer
            assert isinstance(error.get("message", ""), str) and error.get("message"), f"nothing to read for people: {answer}"


def test_error_codes_are_those_of_the_specification(oci, repository):
    for answer in refusals(oci, repository):
        assert set(error_codes(answer)) <= CODES, answer


def test_error_code_fits_the_fault(oci, repository):
    oci.push(repository, content.image(), "latest")
    nowhere = f"{repository}/nowhere"
    upload = oci.location(oci.start_upload(repository).expect(202))
    for answer, code in [
        (oci.get_blob(repository, content.random_digest()), "BLOB_UNKNOWN"),
        (oci.get_manifest(repository, "absent"), "MANIFEST_UNKNOWN"),
        (oci.get_manifest(repository, content.random_digest()), "MANIFEST_UNKNOWN"),
        (oci.get(f"/v2/{nowhere}/tags/list"), "NAME_UNKNOWN"),
        (oci.finish_upload(upload, content.random_digest(), b"other bytes"), "DIGEST_INVALID"),
        (oci.put_manifest(repository, "bad", b"[]"), "MANIFEST_INVALID"),
        (oci.put_manifest(repository, "bad", content.image().data), "MANIFEST_BLOB_UNKNOWN"),
        (oci.get(f"/v2/{repository}/UP/tags/list"), "NAME_INVALID"),
    ]:
        assert code in error_codes(answer), answer


def test_a_refused_rate_says_when_to_come_back(oci, repository):
    """No rate is limited today; would it be, Retry-After has to come with it."""
    oci.push(repository, content.image(), "latest")
    for _ in range(300):
        answer = oci.get_manifest(repository, "latest")
        if answer.status == 429:
            assert re.fullmatch("[0-9]+", answer.header("Retry-After") or ""), answer
            assert "TOOMANYREQUESTS" in error_codes(answer)
            return
        assert answer.status == 200, answer


def test_warnings_have_their_form_and_their_limit(oci, repository):
    manifest = content.image()
    oci.push(repository, manifest, "latest")
    answers = [oci.get("/v2/"), oci.get_manifest(repository, "latest"), oci.put_manifest(repository, "latest", manifest.data),
               oci.get(f"/v2/{repository}/tags/list"), oci.delete(f"/v2/{repository}/manifests/latest"),
               *refusals(oci, f"{repository}/2")]
    for answer in answers:
        values = answer.header_values("Warning")
        assert all(re.fullmatch(r'299 - "[^"]*"', value) for value in values), answer
        assert sum(map(len, values)) <= 4096, answer


def test_ns_is_ignored_by_a_registry_that_is_no_proxy(oci, repository):
    manifest = content.image()
    oci.push(repository, manifest, "latest")
    for path in (f"/v2/{repository}/manifests/latest", f"/v2/{repository}/blobs/{content.digest_of(manifest.blobs[0])}"):
        plain, with_ns = oci.get(path), oci.get(f"{path}?ns=docker.io")
        assert with_ns.status == 200 and with_ns.body == plain.body
        assert with_ns.header("OCI-Namespace") is None


def test_head_has_the_headers_of_get(oci, repository):
    """RFC 9110 section 9.3.2."""
    manifest = content.image()
    oci.push(repository, manifest, "latest")
    for path in (f"/v2/{repository}/manifests/latest", f"/v2/{repository}/blobs/{content.digest_of(manifest.blobs[0])}",
                 f"/v2/{repository}/tags/list"):
        got, head = oci.get(path).expect(200), oci.head(path).expect(200)
        assert head.body == b""
        for name in ("Content-Type", "Content-Length", "Docker-Content-Digest", "ETag", "Accept-Ranges"):
            assert head.header(name) == got.header(name), name


def test_a_method_that_a_path_has_not_is_405_with_allow(oci, repository):
    """RFC 9110 section 15.5.6."""
    oci.push(repository, content.image(), "latest")
    for method, path in (("POST", f"/v2/{repository}/manifests/latest"), ("PATCH", f"/v2/{repository}/tags/list"),
                         ("PUT", f"/v2/{repository}/referrers/{content.random_digest()}"), ("DELETE", "/v2/")):
        answer = oci.request(method, path)
        assert answer.status == 405, answer
        assert "GET" in (answer.header("Allow") or ""), answer


def test_conditional_reads(oci, repository):
    """RFC 9110 section 13.1.2: what the client has already is not sent again."""
    manifest = content.image()
    oci.push(repository, manifest, "latest")
    for path in (f"/v2/{repository}/manifests/latest", f"/v2/{repository}/blobs/{content.digest_of(manifest.blobs[0])}"):
        got = oci.get(path).expect(200)
        tag = got.header("ETag")
        assert tag and tag.startswith('"') and tag.endswith('"'), got
        for value in (tag, "*", f'"other", {tag}', f"W/{tag}"):
            same = oci.get(path, headers={"If-None-Match": value})
            assert same.status == 304 and same.body == b"", same
            assert same.header("ETag") == tag
        assert oci.get(path, headers={"If-None-Match": '"other"'}).expect(200).body == got.body


def test_conditional_writes(oci, repository):
    """RFC 9110 section 13.1.1: a tag is not overwritten by who has seen an older one."""
    first, second, third = content.image(), content.image(), content.image()
    for manifest in (first, second, third):
        oci.push(repository, manifest)

    def write(manifest, **headers):
        return oci.put(f"/v2/{repository}/manifests/tag", body=manifest.data,
                       headers={"Content-Type": manifest.media_type, **headers})

    assert write(first, **{"If-Match": "*"}).status == 412
    assert write(first, **{"If-None-Match": "*"}).status == 201
    assert write(second, **{"If-None-Match": "*"}).status == 412
    seen = oci.get_manifest(repository, "tag").header("ETag")
    assert write(second, **{"If-Match": seen}).status == 201
    assert write(third, **{"If-Match": seen}).status == 412
    assert oci.get_manifest(repository, "tag").body == second.data
