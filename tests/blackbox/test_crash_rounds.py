"""`kill -9` at random moments under concurrent work: after each round everything acknowledged is whole, everything deleted
is gone, nothing is half visible, the server starts at once, and `berth check` finds nothing wrong.

BERTH_CRASH_ROUNDS says how many rounds, BERTH_SEED where chance begins."""

import os
import random
import statistics
import subprocess
import threading
import time
import uuid

from harness import content
from harness.arm import Arm
from harness.http_client import Http
from harness.identities import bootstrap_owner
from harness.oci import Oci
from harness.server import Berth, binary, environment, is_sanitized

ROUNDS = int(os.environ.get("BERTH_CRASH_ROUNDS", "20" if is_sanitized() else "100"))
SEED = int(os.environ.get("BERTH_SEED", "1"))
WORKERS = 5
LARGE = 90_000  # more than the database keeps: a file
ABSENT = None


class Cut(Exception):
    """The server has died under a request: nobody knows what became of it."""


class Refused(Exception):
    """The server has said no: nothing has changed."""


class Worker:
    """One client with names of its own. `facts` says of each thing which values it may have: more than one while a request
    that changes it has no answer."""

    def __init__(self, number: int, seed: int):
        self.number = number
        self.random = random.Random(seed)
        self.facts: dict[tuple, set] = {}
        self.images: dict[tuple[str, str], content.Manifest] = {}
        self.acknowledged = 0
        self.cut = 0

    def connect(self, server: Berth) -> None:
        facts = server.bootstrap
        self.http = Http(server.http)
        self.oci = Oci(self.http, facts.login_server, (facts.owner_client_id, facts.owner_secret), "basic")
        self.arm = Arm(self.http, facts, facts.owner_client_id, facts.owner_secret)

    # Requests

    def call(self, send, *statuses: int):
        try:
            answer = send()
        except (AssertionError, OSError) as error:
            raise Cut from error
        except Exception as error:  # a torn answer
            raise Cut from error
        if answer.status in statuses:
            return answer
        # While it is killed it may also answer that it cannot go on; but it must not answer anything else.
        assert answer.status in (400, 404, 503), answer
        raise Refused

    def change(self, expected: dict[tuple, object], send, *statuses: int) -> None:
        """Until the answer, each of these facts may be as before or as after."""
        before = {key: set(self.facts.get(key, {ABSENT})) for key in expected}
        for key, value in expected.items():
            self.facts[key] = before[key] | {value}
        try:
            self.call(send, *statuses)
        except Refused:
            self.facts.update(before)
            return
        for key, value in expected.items():
            self.facts[key] = {value}
        self.acknowledged += 1

    # Operations

    def name(self) -> str:
        return f"w{self.number}/r{self.random.randrange(3)}"

    def sure(self, kind: str) -> list[tuple]:
        """The things of that kind that are there for certain."""
        return [key for key, values in self.facts.items() if key[0] == kind and len(values) == 1 and ABSENT not in values]

    def push_blob(self, name: str, blob: bytes) -> None:
        digest = content.digest_of(blob)
        if len(blob) > 1000 and self.random.random() < 0.4:
            location = self.oci.location(self.call(lambda: self.oci.start_upload(name), 202))
            half = len(blob) // 2
            location = self.oci.location(self.call(lambda: self.oci.patch_upload(location, blob[:half], 0), 202))
            location = self.oci.location(self.call(lambda: self.oci.patch_upload(location, blob[half:], half), 202))
            self.call(lambda: self.oci.finish_upload(location, digest), 201)
            return
        self.call(lambda: self.oci.try_push_blob(name, blob), 201)

    def push_image(self) -> None:
        name, tag = self.name(), f"t{self.random.randrange(4)}"
        image = content.image(size=self.random.choice((300, 5_000, LARGE)))
        for blob in image.blobs:
            self.push_blob(name, blob)
        self.images[(name, image.digest)] = image
        self.change({("manifest", name, image.digest): image.digest, ("tag", name, tag): image.digest},
                    lambda: self.oci.put_manifest(name, tag, image.data), 201)

    def move_tag(self) -> None:
        if manifests := self.sure("manifest"):
            _, name, digest = self.random.choice(manifests)
            tag = f"t{self.random.randrange(4)}"
            self.change({("tag", name, tag): digest}, lambda: self.oci.put_manifest(name, tag, self.images[(name, digest)].data), 201)

    def mount(self) -> None:
        if manifests := self.sure("manifest"):
            _, name, digest = self.random.choice(manifests)
            target = f"w{self.number}/mounted"
            image = self.images[(name, digest)]
            for blob in image.blobs:
                query = f"?mount={content.digest_of(blob)}&from={name}"
                if self.call(lambda: self.oci.start_upload(target, query), 201, 202).status == 202:
                    return
            self.images[(target, digest)] = image
            self.change({("manifest", target, digest): digest, ("tag", target, "t0"): digest},
                        lambda: self.oci.put_manifest(target, "t0", image.data), 201)

    def delete_manifest(self) -> None:
        manifests = self.sure("manifest")
        if len(manifests) > 3:
            _, name, digest = self.random.choice(manifests)
            gone = {("manifest", name, digest): ABSENT}
            gone |= {key: ABSENT for key, values in self.facts.items() if key[:2] == ("tag", name) and digest in values}
            self.change(gone, lambda: self.oci.delete(f"/v2/{name}/manifests/{digest}"), 202)

    def delete_tag(self) -> None:
        if tags := self.sure("tag"):
            key = self.random.choice(tags)
            self.change({key: ABSENT}, lambda: self.oci.delete(f"/v2/{key[1]}/manifests/{key[2]}"), 202)

    def delete_repository(self) -> None:
        if self.random.random() < 0.3:
            name = self.name()
            gone = {key: ABSENT for key in self.facts if key[0] in ("manifest", "tag") and key[1] == name}
            self.change(gone, lambda: self.oci.delete(f"/acr/v1/{name}"), 202)

    def change_roles(self) -> None:
        held = self.sure("assignment")
        scope = self.arm.bootstrap.registry_id
        if held and self.random.random() < 0.5:
            key = self.random.choice(held)
            path = Arm.assignment_path(scope, key[1])
            self.change({key: ABSENT}, lambda: self.arm.call("DELETE", path, "2022-04-01"), 200, 204)
            return
        key = ("assignment", str(uuid.UUID(int=self.random.getrandbits(128), version=4)))
        self.change({key: key[1]}, lambda: self.arm.put_assignment("AcrPull", str(uuid.uuid4()), scope, key[1]), 201)

    def work(self) -> None:
        operations = [self.push_image] * 4 + [self.move_tag] * 4 + [self.mount, self.delete_manifest, self.delete_tag,
                                                                   self.delete_repository, self.change_roles, self.change_roles]
        while True:
            try:
                self.random.choice(operations)()
            except Refused:
                pass
            except Cut:
                self.cut += 1
                break
        self.http.close()

    # Afterwards

    def observe(self, key: tuple):
        if key[0] == "assignment":
            path = Arm.assignment_path(self.arm.bootstrap.registry_id, key[1])
            answer = self.arm.call("GET", path, "2022-04-01").expect(200, 404)
            return key[1] if answer.status == 200 else ABSENT
        answer = self.oci.get_manifest(key[1], key[2]).expect(200, 404)
        return content.digest_of(answer.body) if answer.status == 200 else ABSENT

    def verify(self) -> None:
        for key, allowed in list(self.facts.items()):
            found = self.observe(key)
            assert found in allowed, f"{key} is {found}; it may be {allowed}"
            if found is ABSENT:
                del self.facts[key]
            else:
                self.facts[key] = {found}
        manifests = self.sure("manifest")
        for _, name, digest in self.random.sample(manifests, min(4, len(manifests))):
            for blob in self.images[(name, digest)].blobs:
                assert self.oci.get_blob(name, content.digest_of(blob)).expect(200).body == blob
        for name in {key[1] for key in self.facts if key[0] == "manifest"}:
            known = {key[2] for key in self.facts if key[0] == "tag" and key[1] == name}
            answer = self.oci.get(f"/v2/{name}/tags/list").expect(200, 404)
            assert answer.status == 404 or set(answer.json()["tags"] or []) == known, (answer.json(), known)


def check(server: Berth) -> None:
    ended = subprocess.run([str(binary()), "check", "--data", str(server.data)], capture_output=True, text=True, timeout=120,
                           env=environment())
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_killed_again_and_again(own_berth):
    chance = random.Random(SEED)
    # Garbage goes at once, all the time: collection runs into everything else.
    server = own_berth("--garbage-grace-hours", "0", "--garbage-interval-seconds", "1", "--log-level", "error").start()
    workers = [Worker(number, SEED * 1000 + number) for number in range(WORKERS)]
    starts = []
    for number in range(ROUNDS):
        for worker in workers:
            worker.connect(server)
        threads = [threading.Thread(target=worker.work) for worker in workers]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.02, 0.3))
        server.kill()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        try:
            check(server)
            began = time.monotonic()
            server.start()
            starts.append(time.monotonic() - began)
            for worker in workers:
                worker.connect(server)
                worker.verify()
                worker.http.close()
            if number % 10 == 9:
                check(server)  # beside the running server
        except AssertionError as error:
            raise AssertionError(f"round {number + 1} of seed {SEED}: {error}") from error
    acknowledged = sum(worker.acknowledged for worker in workers)
    cut = sum(worker.cut for worker in workers)
    print(f"{ROUNDS} rounds: {acknowledged} changes acknowledged, {cut} requests cut off, "
          f"start {statistics.median(starts):.3f} s (median), {max(starts):.3f} s (longest)")
    assert acknowledged > ROUNDS, "the workers got nothing done"
    assert statistics.median(starts) < 5
    server.stop()
    check(server)
