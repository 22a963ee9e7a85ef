"""importImage while it waits: who is next, and credentials and rights that end before it is its turn or in its middle."""

import contextlib
import time

import pytest

from harness import identities
from harness.content import digest_of, image, unique
from harness.fixtures import registry_from
from harness.source_registry import SourceRegistry, wait_for
from test_import_remote import Place, body_of, failed, nothing_came, other, source, target  # noqa: F401 (fixtures)

IMPORTER = "Container Registry Data Importer and Data Reader"
AT_ONCE, OF_ONE = 5, 4


def importer_of(place: Place):
    """Somebody who may import into the registry and read it."""
    made = identities.new_principal(place.owner.graph, unique("sp"))
    place.arm.assign(IMPORTER, made.object_id, place.registry.id)
    return made


@contextlib.contextmanager
def held(source: SourceRegistry, name: str = "slow"):
    """A tag whose manifest the source gives only when `go()` is called: (reached, go)"""
    one = image()
    source.push(one)
    reached, free = [], []

    def answer(handler):
        reached.append(1)
        while not free:
            time.sleep(0.01)
        handler.reply(200, one.data, Content_Type=one.media_type)

    source.answers[f"/v2/x/manifests/{name}"] = answer
    try:
        yield reached, lambda: free.append(1)
    finally:
        free.append(1)


@contextlib.contextmanager
def full(place: Place, source: SourceRegistry):
    """All threads are busy, those of two actors, until `go()` is called."""
    second = importer_of(place)
    with held(source) as (reached, go):
        for number in range(OF_ONE):
            place.begin(body_of(source.host, "x:slow", f"{unique('slow')}:{number}"))
        for number in range(AT_ONCE - OF_ONE):
            begin(second, place, body_of(source.host, "x:slow", f"{unique('slow')}:{number}"))
        until(lambda: len(reached) == AT_ONCE)
        yield go


def begin(principal, place: Place, body: dict):
    return principal.arm.call("POST", place.registry.id + "/importImage", json=body).expect(202)


def until(happened) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_who_imports_much_keeps_nobody_waiting(target, source):
    """Sources that hardly answer hold an importer's threads for long: others still get one."""
    one = image()
    source.push(one, "1")
    greedy, other_one = importer_of(target), importer_of(target)
    with held(source) as (reached, _):
        for number in range(3 * AT_ONCE):
            begin(greedy, target, body_of(source.host, "x:slow", f"{unique('slow')}:{number}"))
        until(lambda: len(reached) == OF_ONE)
        for _ in range(3):
            begun = begin(other_one, target, body_of(source.host, "x:1", f"{unique()}:1"))
            assert wait_for(target.arm, begun)["status"] == "Succeeded"
        assert len(reached) == OF_ONE


def remove_secrets(owner, principal) -> None:
    application = owner.graph.call("GET", f"/applications/{principal.application_id}").expect(200).json()
    for one in application["passwordCredentials"]:
        owner.graph.call("POST", f"/applications/{principal.application_id}/removePassword", json={"keyId": one["keyId"]}).expect(204)


def local_source(place: Place):
    """A registry of the same berth with an image `app:1`."""
    made = registry_from(place.http, place.arm.put_registry(unique("source")).expect(200, 201).json())
    made.oci(place.owner).push("app", image(), reference="1")
    return made


@pytest.mark.parametrize("kind", ["principal", "admin", "token", "disabled"])
def test_the_source_s_credentials_end_while_it_waits(target, source, kind):
    """Of a registry of the same berth: a secret, the admin user's password, a repository token's password, the principal itself."""
    here = local_source(target)
    if kind == "admin":
        target.arm.call("PATCH", here.id, json={"properties": {"adminUserEnabled": True}}).expect(200, 201, 202)
        shown = target.arm.call("POST", here.id + "/listCredentials").expect(200).json()
        user, secret = shown["username"], shown["passwords"][0]["value"]
        end = lambda: target.arm.call("POST", here.id + "/regenerateCredential", json={"name": "password"}).expect(200)
    elif kind == "token":
        scope_map = f"{here.id}/scopeMaps/pulling"
        target.arm.call("PUT", scope_map, json={"properties": {"actions": ["repositories/app/content/read"]}}).expect(200, 201)
        token = f"{here.id}/tokens/puller"
        target.arm.call("PUT", token, json={"properties": {"scopeMapId": scope_map, "status": "enabled"}}).expect(200, 201)
        made = target.arm.call("POST", here.id + "/generateCredentials", json={"tokenId": token}).expect(200, 202)
        user, secret = "puller", made.json()["passwords"][0]["value"]
        end = lambda: target.arm.call("POST", here.id + "/generateCredentials", json={"tokenId": token}).expect(200, 202)
    else:
        puller = identities.new_principal(target.owner.graph, unique("puller"))
        target.arm.assign("AcrPull", puller.object_id, here.id)
        user, secret = puller.credentials
        end = {"principal": lambda: remove_secrets(target.owner, puller),
               "disabled": lambda: target.owner.graph.call("PATCH", f"/servicePrincipals/{puller.object_id}",
                                                           json={"accountEnabled": False}).expect(204)}[kind]
    name = unique()
    body = body_of(here.login_server, "app:1", f"{name}:1", credentials={"username": user, "password": secret})
    with full(target, source) as go:
        begun = target.begin(body)
        end()
        go()
        status = wait_for(target.arm, begun)
    told = failed(status, "SourceUnauthorized")
    assert "Unauthorized" in told and "removed, replaced or disabled" in told
    nothing_came(target, name)
    target.arm.delete_registry(here.name)


def test_the_secret_of_who_asked_ends_while_it_waits(target, source):
    """An import that a thief of a secret asked for does not outlive it."""
    here = local_source(target)
    thief = importer_of(target)
    target.arm.assign(IMPORTER, thief.object_id, here.id)
    name = unique()
    for from_here in (True, False):
        source.push(image(), "1")
        body = body_of(here.login_server if from_here else source.host, "app:1" if from_here else "x:1", f"{name}:1")
        with full(target, source) as go:
            begun = begin(thief, target, body)
            remove_secrets(target.owner, thief)
            go()
            assert "secret" in failed(wait_for(target.arm, begun), "AuthorizationFailed")
        nothing_came(target, name)
        secret = target.owner.graph.add_password(thief.application_id)["secretText"]
        thief = identities.Principal(target.http, target.berth.bootstrap, thief.client_id, thief.object_id, secret, thief.display_name,
                                     thief.application_id)
    target.arm.delete_registry(here.name)


def test_the_secret_of_who_asked_ends_before_a_restart(own_berth, source):
    """The next run goes on, and by what holds then."""
    place = Place(own_berth("--allow-outbound", "http://127.0.0.1", http="127.0.0.1:0").start())
    keeps, loses = importer_of(place), importer_of(place)
    with held(source) as (reached, go):
        begun = [begin(who, place, body_of(source.host, "x:slow", f"{name}:1")) for who, name in ((keeps, "kept"), (loses, "lost"))]
        until(lambda: len(reached) == 2)
        place.berth.kill()
        go()
    with held(source) as (reached, go):
        place.berth.start()
        place.reach()
        until(lambda: len(reached) == 2)
        remove_secrets(place.owner, loses)
        go()
        kept, lost = (of_operation(place, answer) for answer in begun)
    assert kept["status"] == "Succeeded", kept
    assert "secret" in failed(lost, "AuthorizationFailed")
    place.oci.get_manifest("kept", "1").expect(200)
    nothing_came(place, "lost")


def of_operation(place: Place, begun) -> dict:
    """How an operation ended that an earlier run began, at another address."""
    operation = begun.header("Azure-AsyncOperation").split("/")[-1].split("?")[0]
    provider = place.registry.id.split("/resourceGroups/")[0] + "/providers/Microsoft.ContainerRegistry/locations/"
    path = f"{provider}{place.berth.bootstrap.location}/operationStatuses/{operation}"
    end = time.monotonic() + 60
    while (status := place.arm.call("GET", path).expect(200).json())["status"] in ("Accepted", "Running"):
        assert time.monotonic() < end, status
        time.sleep(0.05)
    return status


def test_another_berth_s_secret_is_removed_while_it_waits(target, other, source):
    """The source says so itself, and the import ends with what it says."""
    name = unique()
    other.oci.push(name, image(), reference="1")
    puller = identities.new_principal(other.owner.graph, unique("puller"))
    other.arm.assign("AcrPull", puller.object_id, other.registry.id)
    user, secret = puller.credentials
    for credentials in ({"username": user, "password": secret}, {"password": puller.entra_token()}):
        with full(target, source) as go:
            begun = target.begin(body_of(other.host, f"{name}:1", f"{name}:1", credentials=credentials))
            if "username" in credentials:
                remove_secrets(other.owner, puller)
            go()
            status = wait_for(target.arm, begun)
        assert "Unauthorized" in failed(status, "SourceUnauthorized"), status
    nothing_came(target, name)


def test_a_source_s_password_ends_before_a_restart(own_berth, source):
    """The password is sealed in the database and shown again by the next run: the source's refusal is what the import ends with."""
    one = image()
    source.push(one, "1")
    reached, good = [], ["Basic bWU6b25jZS1nb29k"]  # me:once-good

    def ask(handler):
        if handler.headers.get("Authorization") not in good:
            return handler.reply(401, b"{}", WWW_Authenticate='Basic realm="source"')
        return source.answer(handler)

    def hold(handler):
        reached.append(1)
        time.sleep(30)

    source.answers["/v2/x/manifests/1"] = source.answers[f"/v2/x/manifests/{one.digest}"] = ask
    for blob in one.blobs:
        source.answers[f"/v2/x/blobs/{digest_of(blob)}"] = hold
    place = Place(own_berth("--allow-outbound", "http://127.0.0.1", http="127.0.0.1:0").start())
    begun = place.begin(body_of(source.host, "x:1", "app:1", credentials={"username": "me", "password": "once-good"}))
    until(lambda: reached)
    place.berth.kill()
    good.clear()
    place.berth.start()
    place.reach()
    assert "Unauthorized" in failed(of_operation(place, begun), "SourceUnauthorized")
    nothing_came(place, "app")
