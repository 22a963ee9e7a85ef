"""Imports as large as docs/import.md promises, and from a source that hardly moves."""

import json
import time

import pytest

from harness.content import Manifest, digest_of, encode, image, index, unique
from harness.server import Berth
from harness.source_registry import SourceRegistry
from test_import_remote import Place, failed, nothing_came

MOST_OF_ONE_INDEX = 5_000  # data_plane/manifest_document.hpp


@pytest.fixture
def source():
    registry = SourceRegistry()
    yield registry
    registry.close()


@pytest.fixture
def target(tmp_path):
    with Berth(tmp_path / "target", "--allow-outbound", "http://127.0.0.1", "--outbound-patience-seconds", "2") as berth:
        yield Place(berth)


def many(source: SourceRegistry, count: int) -> Manifest:
    """An index of indexes with so many manifests in all, which share their blobs."""
    one = image()
    leaves = []
    for number in range(count - 1 - -(-(count - 1) // (MOST_OF_ONE_INDEX + 1))):
        leaf = Manifest(one.media_type, encode({**one.document, "annotations": {"number": str(number)}}), one.blobs)
        source.push(leaf)
        leaves.append(leaf.descriptor())
    inner = [index(leaves[at:at + MOST_OF_ONE_INDEX]) for at in range(0, len(leaves), MOST_OF_ONE_INDEX)]
    for part in inner:
        source.push(part)
    whole = index([part.descriptor() for part in inner])
    source.push(whole, "1")
    assert 1 + len(inner) + len(leaves) == count
    return whole


def test_ten_thousand_manifests(target, source):
    whole = many(source, 10_000)
    name = unique()
    status = target.import_(source.host, "x:1", f"{name}:1", seconds=600)
    assert status["status"] == "Succeeded" and status["properties"]["manifests"] == 10_000, status
    assert target.oci.get_manifest(name, "1").expect(200).body == whole.data
    last = json.loads(source.manifests[whole.document["manifests"][-1]["digest"]][1])["manifests"][-1]["digest"]
    assert target.oci.get_manifest(name, last).expect(200).body == source.manifests[last][1]
    # Within one berth: one transaction, and nobody else waits long for it.
    made = target.arm.put_registry(unique("second")).expect(200, 201).json()
    body = {"source": {"resourceId": target.registry.id, "sourceImage": f"{name}:1"}, "targetTags": ["app:1"]}
    begun = target.arm.call("POST", made["id"] + "/importImage", json=body).expect(202)
    slowest = 0.0
    while target.arm.http.get(begun.header("Azure-AsyncOperation"), headers={"Authorization": f"Bearer {target.arm.token}"}) \
            .expect(200).json()["status"] not in ("Succeeded", "Failed"):
        before = time.monotonic()
        target.oci.push("other", image(), reference=unique())
        slowest = max(slowest, time.monotonic() - before)
    print(f"a push beside it took {slowest:.2f} s at most")
    assert slowest < 30


def test_one_manifest_more(target, source):
    many(source, 10_001)
    name = unique()
    failed(target.import_(source.host, "x:1", f"{name}:1", seconds=600), "LimitExceeded")
    nothing_came(target, name)


@pytest.mark.parametrize("size", [300, 100_000])
def test_a_source_that_trickles(target, source, size):
    """Some bytes now and then are not enough, and neither is a byte more with each call."""
    one = image(size=size)
    source.push(one, "1")
    layer = one.blobs[1]

    def trickle(handler):
        asked = handler.headers.get("Range")
        start = int(asked[len("bytes="):-1]) if asked else 0
        handler.send_response(206 if asked else 200)
        if asked:
            handler.send_header("Content-Range", f"bytes {start}-{len(layer) - 1}/{len(layer)}")
        handler.send_header("Content-Length", str(len(layer) - start))
        handler.end_headers()
        for byte in layer[start:start + 40]:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.2)
        handler.close_connection = True

    source.answers[f"/v2/x/blobs/{digest_of(layer)}"] = trickle
    name = unique()
    failed(target.import_(source.host, "x:1", f"{name}:1", seconds=300), "SourceUnavailable")
    nothing_came(target, name)
