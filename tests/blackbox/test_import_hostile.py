"""importImage from a source that is against it: wrong ranges, lists without end, redirects, token servers, and much too much of everything."""

import base64
import json

import pytest

from harness.content import OCI_INDEX, artifact, digest_of, image, index, random_blob, unique
from harness.source_registry import SourceRegistry
from test_import import is_there
from test_import_remote import broken_after, failed, nothing_came, source, target  # noqa: F401 (fixtures)

SECRET = "the-secret-of-the-source"


def shows(registry: SourceRegistry) -> bool:
    """Whether a request to it held the secret, in any form that berth sends it in."""
    basic = base64.b64encode(f"me:{SECRET}".encode()).decode()
    return any(word in json.dumps(headers) for _, _, headers in registry.seen for word in (SECRET, basic))


@pytest.fixture
def elsewhere():
    registry = SourceRegistry()
    yield registry
    registry.close()


CREDENTIALS = ({"username": "me", "password": SECRET}, {"password": SECRET})


@pytest.mark.parametrize("credentials", CREDENTIALS, ids=("user", "bare token"))
def test_a_token_server_at_another_port_gets_no_credentials_without_tls(target, source, elsewhere, credentials):
    """On one machine another port may be somebody else's, and nothing proves whose it is."""
    source.push(image(), "1")
    source.answers["/v2/x/manifests/1"] = lambda handler: handler.reply(
        401, b"{}", WWW_Authenticate=f'Bearer realm="http://{elsewhere.host}/token",service="s"')
    told = failed(target.import_(source.host, "x:1", f"{unique()}:1", credentials=credentials), "SourceFailed")
    assert elsewhere.host in told and "without TLS" in told
    assert not elsewhere.seen


@pytest.mark.parametrize("credentials", CREDENTIALS, ids=("user", "bare token"))
def test_the_token_server_at_the_same_address_gets_them(target, source, credentials):
    one = image()
    source.push(one, "1")

    def ask(handler):
        if handler.headers.get("Authorization") == "Bearer good":
            return source.answer(handler)
        return handler.reply(401, b"{}", WWW_Authenticate=f'Bearer realm="http://{source.host}/token",service="s"')

    for path in ("/v2/x/manifests/1", *(f"/v2/x/blobs/{digest_of(blob)}" for blob in one.blobs)):
        source.answers[path] = ask
    source.answers["/token"] = lambda handler: handler.reply(200, b'{"access_token":"good"}')
    name = unique()
    assert target.import_(source.host, "x:1", f"{name}:1", credentials=credentials)["status"] == "Succeeded"
    is_there(target.oci, name, "1", one)
    assert shows(source)


def test_who_is_redirected_to_is_told_nothing_however_it_asks(target, source, elsewhere):
    """A redirect leads to a host that wants credentials itself, and names the source's token server as its own."""
    one = image()
    source.push(one, "1")
    layer = digest_of(one.blobs[1])
    source.answers[f"/v2/x/blobs/{layer}"] = lambda handler: handler.reply(
        307, b"", Location=f"http://{elsewhere.host}/v2/x/blobs/{layer}")
    for wanted in ('Basic realm="x"', f'Bearer realm="http://{source.host}/token",service="s"',
                   f'Bearer realm="http://{elsewhere.host}/token",service="s"'):
        elsewhere.answers[f"/v2/x/blobs/{layer}"] = lambda handler, wanted=wanted: handler.reply(401, b"{}", WWW_Authenticate=wanted)
        source.answers["/token"] = lambda handler: handler.reply(200, b'{"token":"of-the-source"}')
        elsewhere.answers["/token"] = lambda handler: handler.reply(200, b'{"token":"of-elsewhere"}')
        for credentials in CREDENTIALS:
            status = target.import_(source.host, "x:1", f"{unique()}:1", credentials=credentials)
            assert status["status"] == "Failed" and status["error"]["code"] in ("SourceUnauthorized", "SourceFailed"), status
    assert elsewhere.seen and not shows(elsewhere)
    assert "of-the-source" not in json.dumps([headers for _, _, headers in elsewhere.seen])


@pytest.mark.parametrize("answer", [b"", b"{}", b"[]", b'{"token":7}', b'{"token":""}', b'{"token":"a b"}', b'{"token":"a\\r\\nX: y"}',
                                    b'{"token":"' + b"x" * 20_000 + b'"}', b'{"token":"a","token":"b"}', b"x" * 300_000], ids=range(10))
def test_what_a_token_server_may_not_say(target, source, answer):
    source.push(image(), "1")
    source.answers["/v2/x/manifests/1"] = lambda handler: handler.reply(
        401, b"{}", WWW_Authenticate=f'Bearer realm="http://{source.host}/token"')
    source.answers["/token"] = lambda handler: handler.reply(200, answer)
    status = target.import_(source.host, "x:1", f"{unique()}:1", credentials={"username": "me", "password": SECRET})
    assert status["status"] == "Failed" and SECRET not in json.dumps(status), status


def test_a_source_that_never_lets_anybody_in(target, source):
    """It gives a token and refuses it, each time."""
    source.push(image(), "1")
    source.answers["/v2/x/manifests/1"] = lambda handler: handler.reply(
        401, b"{}", WWW_Authenticate=f'Bearer realm="http://{source.host}/token"')
    source.answers["/token"] = lambda handler: handler.reply(200, b'{"token":"of-no-use"}')
    failed(target.import_(source.host, "x:1", f"{unique()}:1"), "SourceUnauthorized")
    assert len(source.seen) < 10


# Ranges

def test_a_range_that_is_another_one(target, source):
    one = image(size=300_000)
    source.push(one, "1")
    layer = one.blobs[1]
    tries = []

    def answer(handler):
        tries.append(handler.headers.get("Range"))
        if len(tries) == 1:
            return broken_after(source, layer, 100_000)(handler)
        return handler.reply(206, layer[50_000:], Content_Range=f"bytes 50000-{len(layer) - 1}/{len(layer)}")

    source.answers[f"/v2/x/blobs/{digest_of(layer)}"] = answer
    name = unique()
    assert "range" in failed(target.import_(source.host, "x:1", f"{name}:1"), "InvalidParameter")
    nothing_came(target, name)


def test_a_range_with_other_bytes_in_it(target, source):
    """The right range of another blob: only the digest tells."""
    one = image(size=300_000)
    source.push(one, "1")
    layer, other = one.blobs[1], random_blob(300_000)
    tries = []

    def answer(handler):
        tries.append(1)
        return broken_after(source, layer if len(tries) == 1 else other, 200_000)(handler)

    source.answers[f"/v2/x/blobs/{digest_of(layer)}"] = answer
    name = unique()
    assert "digest" in failed(target.import_(source.host, "x:1", f"{name}:1"), "InvalidParameter")
    nothing_came(target, name)


def test_a_source_that_takes_no_range_at_all(target, source):
    """416 for every range: the blob is begun anew, once."""
    one = image(size=300_000)
    source.push(one, "1")
    layer = one.blobs[1]

    def answer(handler):
        if handler.headers.get("Range"):
            return handler.reply(416, b"")
        return broken_after(source, layer, 100_000)(handler)

    source.answers[f"/v2/x/blobs/{digest_of(layer)}"] = answer
    name = unique()
    assert target.import_(source.host, "x:1", f"{name}:1", seconds=90)["status"] == "Failed"
    nothing_came(target, name)


def test_a_source_that_gives_a_byte_each_time(target, source):
    """It breaks after each, and would go on so for years: that is no progress."""
    one = image(size=300_000)
    source.push(one, "1")
    layer = one.blobs[1]
    source.answers[f"/v2/x/blobs/{digest_of(layer)}"] = broken_after(source, layer, 1)
    name = unique()
    failed(target.import_(source.host, "x:1", f"{name}:1", seconds=90), "SourceUnavailable")
    assert len(source.requests(digest_of(layer))) < 20
    nothing_came(target, name)


# What passes and what does not

@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_source_that_is_busy_is_asked_again(target, source, status):
    one = image()
    source.push(one, "1")
    tries = []

    def answer(handler):
        tries.append(1)
        return handler.reply(status, b"{}", Retry_After="0") if len(tries) < 3 else source.answer(handler)

    source.answers["/v2/x/manifests/1"] = answer
    source.answers[f"/v2/x/blobs/{digest_of(one.blobs[1])}"] = lambda handler: (
        tries.append(1), handler.reply(status, b"{}") if len(tries) < 6 else source.answer(handler))
    name = unique()
    assert target.import_(source.host, "x:1", f"{name}:1")["status"] == "Succeeded"
    is_there(target.oci, name, "1", one)


@pytest.mark.parametrize("status", [204, 206, 302, 400, 405, 418])
def test_answers_that_no_registry_gives(target, source, status):
    source.push(image(), "1")
    source.answers["/v2/x/manifests/1"] = lambda handler: handler.reply(status, b"")
    assert target.import_(source.host, "x:1", f"{unique()}:1")["status"] == "Failed"


@pytest.mark.parametrize("claimed", [digest_of(b"other"), "sha256:0", "md5:" + "0" * 32, "x"])
def test_a_manifest_under_a_digest_that_is_not_its_own(target, source, claimed):
    """By tag nothing but the header says what it should have."""
    one = image()
    source.push(one, "1")
    source.answers["/v2/x/manifests/1"] = lambda handler: handler.reply(
        200, one.data, Content_Type=one.media_type, Docker_Content_Digest=claimed)
    name = unique()
    assert target.import_(source.host, "x:1", f"{name}:1")["status"] == "Failed"
    nothing_came(target, name)


def test_a_tag_that_moves_meanwhile(target, source):
    """All of the image is the one that the tag meant first, whatever it means a moment later."""
    first, second = image(layers=2), image(layers=2)
    whole, other = index([first.descriptor()]), index([second.descriptor()])
    for one in (first, second, other):
        source.push(one)
    source.push(whole, "1")

    def answer(handler):
        source.answer(handler)
        source.push(other, "1")

    source.answers["/v2/x/manifests/1"] = answer
    name = unique()
    assert target.import_(source.host, "x:1", f"{name}:1")["properties"]["digest"] == whole.digest
    is_there(target.oci, name, "1", whole)


# Too much

def referrers_of(subject: str, listed: list[dict], link: str | None = None):
    def answer(handler):
        body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}).encode()
        handler.reply(200, body, Content_Type=OCI_INDEX, **({"Link": link} if link else {}))
    return answer


def test_a_list_of_referrers_without_end(target, source):
    one = image()
    source.push(one, "1")
    path = f"/v2/x/referrers/{one.digest}"
    source.answers[path] = referrers_of(one.digest, [], link=f'<{path}?next=1>; rel="next"')
    failed(target.import_(source.host, "x:1", f"{unique()}:1", includeReferrers=True), "LimitExceeded")
    assert len(source.requests("/referrers/")) <= 100


@pytest.mark.parametrize("link", ["http://169.254.169.254/x", "//evil.example/x", "https://evil.example/x"])
def test_a_list_of_referrers_that_goes_on_elsewhere(target, source, link):
    one = image()
    source.push(one, "1")
    source.answers[f"/v2/x/referrers/{one.digest}"] = referrers_of(one.digest, [], link=f'<{link}>; rel="next"')
    assert "another host" in failed(target.import_(source.host, "x:1", f"{unique()}:1", includeReferrers=True), "SourceFailed")


def test_referrers_in_a_circle(target, source):
    """A chain that leads back to where it began: each is taken once."""
    one = image()
    source.push(one, "1")
    chain = [one]
    for _ in range(40):
        chain.append(artifact("application/vnd.example.chain", chain[-1].descriptor()))
        source.push(chain[-1])
        source.answers[f"/v2/x/referrers/{chain[-2].digest}"] = referrers_of(chain[-2].digest, [chain[-1].descriptor()])
    source.answers[f"/v2/x/referrers/{chain[-1].digest}"] = referrers_of(chain[-1].digest, [one.descriptor()])  # and round again
    name = unique()
    status = target.import_(source.host, "x:1", f"{name}:1", includeReferrers=True)
    assert status["status"] == "Succeeded" and status["properties"]["manifests"] == len(chain), status


def test_indexes_that_are_nested_too_deep(target, source):
    inner = image()
    source.push(inner)
    for _ in range(20):
        inner = index([inner.descriptor()])
        source.push(inner, "1")
    failed(target.import_(source.host, "x:1", f"{unique()}:1"), "LimitExceeded")


def test_a_blob_that_is_larger_than_any(target, source):
    one = image()
    document = one.document
    document["layers"][0]["size"] = 1 << 60
    data = json.dumps(document).encode()
    source.manifests["1"] = (one.media_type, data)
    failed(target.import_(source.host, "x:1", f"{unique()}:1"), "LimitExceeded")
    assert not source.requests("/blobs/")


def test_two_sizes_for_one_blob(target, source):
    one, other = image(), image()
    document = other.document
    document["layers"] = [{**one.document["layers"][0], "size": 7}]
    data = json.dumps(document).encode()
    source.push(one)
    source.push(other)
    source.manifests[digest_of(data)] = (other.media_type, data)
    source.push(index([one.descriptor(), {"mediaType": other.media_type, "digest": digest_of(data), "size": len(data)}]), "1")
    assert "two sizes" in failed(target.import_(source.host, "x:1", f"{unique()}:1"), "InvalidParameter")
