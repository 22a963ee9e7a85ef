"""Groups that tokens of trusted outside issuers name count where a group of the directory is linked to them: what the links give,
how they end, and what somebody who chooses the claim tries."""

import contextlib
import dataclasses
import re
import time
import uuid

import pytest

from harness import identities
from harness.content import image
from harness.fixtures import registry_from
from harness.http_client import Http
from harness.identities import bootstrap_owner
from harness.oci import basic
from harness.openid_provider import OpenIdProvider
from harness.server import Berth
from harness.source_registry import SourceRegistry
from harness.tokens import decode
from test_attack_ended_trust import SUBSCRIPTIONS, bearer, catalog_token
from test_import_remote import Place, body_of
from test_sign_in_assertions import ask, federate, outside
from test_sign_in_provider import signed_in

AUDIENCE = "api://berth"
DEVELOPERS = "/team/dev"  # as Keycloak writes the path of a group


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    made = OpenIdProvider(tmp_path_factory.mktemp("issuer"))
    yield made
    made.stop()


def trust(issuer, claim: str | None = "groups") -> list[str]:
    setting = f"issuer={issuer.issuer},audience={AUDIENCE}" + (f",groups-claim={claim}" if claim else "")
    return ["--trusted-issuer", setting, "--allow-outbound", issuer.origin]


@dataclasses.dataclass
class World:
    """A berth with an image `app:1`, a group with AcrPull and AcrPush on the registry, and a program without any role."""

    berth: Berth
    issuer: OpenIdProvider

    def __post_init__(self):
        self.group_id = None
        self.reach()
        self.robot = identities.new_principal(self.owner.graph, "robot")
        federate(self.owner, self.robot.application_id, self.issuer, audience=AUDIENCE).expect(201)
        self.registry = registry_from(self.http, self.owner.arm.put_registry("groups" + uuid.uuid4().hex[:8]).expect(200, 201).json())
        self.at = Http(self.berth.http, host=self.registry.login_server)
        self.registry.oci(self.owner).push("app", image(), reference="1")
        self.group_id = self.owner.graph.create_group("developers")["id"]
        for role in ("AcrPull", "AcrPush", "Reader"):
            self.owner.arm.assign(role, self.group_id, self.registry.id, principal_type="Group")

    def reach(self) -> None:
        self.http = Http(self.berth.http)
        self.owner = bootstrap_owner(self.http, self.berth.bootstrap)
        if self.group_id is not None:
            self.at = Http(self.berth.http, host=self.registry.login_server)

    def link(self, *values: str, issuer: str | None = None, group: str | None = None):
        linked = [{"issuer": issuer or self.issuer.issuer, "value": value} for value in values]
        return self.owner.graph.call("PATCH", f"/groups/{group or self.group_id}", json={"berthOutsideGroups": linked})

    def token(self, groups=(DEVELOPERS,), **change) -> str:
        return outside(self.issuer, aud=AUDIENCE, groups=list(groups) if isinstance(groups, tuple) else groups, **change)

    def read_registry(self, token: str):
        """ARM, with the token as it is."""
        return self.http.get(f"{self.registry.id}?api-version=2025-11-01", headers=bearer(token))

    def exchange(self, token: str):
        return self.at.post("/oauth2/exchange", form={"grant_type": "access_token", "service": "x", "access_token": token})

    def refresh_token(self, token: str) -> str:
        return self.exchange(token).expect(200).json()["refresh_token"]

    def access_token(self, refresh: str, scope: str = "repository:app:pull,push") -> str:
        return self.at.post("/oauth2/token", form={
            "grant_type": "refresh_token", "service": "x", "scope": scope, "refresh_token": refresh}).expect(200).json()["access_token"]

    def pull(self, access: str) -> int:
        return self.at.get("/v2/app/manifests/1", headers=bearer(access)).status

    def start_upload(self, access: str) -> int:
        return self.at.post("/v2/app/blobs/uploads/", headers=bearer(access)).status


@pytest.fixture(scope="module")
def world(tmp_path_factory, issuer):
    berth = Berth(tmp_path_factory.mktemp("groups"), *trust(issuer)).start()
    yield World(berth, issuer)
    berth.stop()


@pytest.fixture
def linked(world):
    world.link(DEVELOPERS).expect(204)
    yield world
    world.link().expect(204)


def test_a_linked_group_lets_through_every_door(linked):
    world = linked
    # As it is, by ARM.
    assert world.read_registry(world.token(())).status == 403
    assert world.read_registry(world.token()).status == 200
    # Exchanged for registry tokens, which bring the groups along.
    refresh = world.refresh_token(world.token())
    access = world.access_token(refresh)
    assert world.pull(access) == 200 and world.start_upload(access) == 202
    assert world.pull(world.access_token(world.refresh_token(world.token(())))) in (401, 403)
    # As Basic credentials, which is what `az acr login` leaves behind.
    stored = {"Authorization": basic("00000000-0000-0000-0000-000000000000", refresh)}
    by_basic = world.at.get("/oauth2/token?service=x&scope=repository:app:pull", headers=stored).expect(200).json()["access_token"]
    assert world.pull(by_basic) == 200
    assert world.at.get("/v2/app/manifests/1", headers=stored).status == 200
    # Changed into a token of berth's own, which is what `az login --federated-token` does, and that into a registry's.
    mine = ask(world.berth, world.http, world.robot.client_id, world.token()).expect(200).json()["access_token"]
    assert world.read_registry(mine).status == 200
    assert world.pull(world.access_token(world.refresh_token(mine))) == 200


def test_a_link_holds_nothing_itself(linked):
    """The id of a link stands in its tokens, and ARM takes a principal that nobody knows at its word: a role for the id of a
    link would be a role for oneself."""
    world = linked
    mine = ask(world.berth, world.http, world.robot.client_id, world.token()).expect(200).json()["access_token"]
    text = decode(mine)[1]["berth_groups"]
    links = re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", text if isinstance(text, str) else str(text))
    assert links
    made = [world.owner.arm.put_assignment("Owner", link, world.registry.id, principal_type="User") for link in links]
    try:
        delete = world.http.request("DELETE", f"{world.registry.id}/tokens/nobody?api-version=2025-11-01", headers=bearer(mine))
        assert delete.status == 403, delete
        assert world.read_registry(mine).status == 200
        world.link().expect(204)
        assert world.read_registry(mine).status == 403
        assert world.read_registry(world.token()).status == 403
    finally:
        for answer in made:
            if answer.status == 201:
                world.owner.arm.unassign(answer.json()["id"])


def test_the_link_removed_ends_it_at_the_next_request(linked):
    world = linked
    token = world.token()
    mine = ask(world.berth, world.http, world.robot.client_id, token).expect(200).json()["access_token"]
    refresh = world.refresh_token(token)
    access = world.access_token(refresh)
    assert world.pull(access) == 200 and world.read_registry(mine).status == 200
    world.link().expect(204)
    assert world.pull(access) in (401, 403)
    assert world.read_registry(token).status == 403 and world.read_registry(mine).status == 403
    assert world.pull(world.access_token(refresh)) in (401, 403)
    # Made anew it is another link: it counts for tokens that are made from now on.
    world.link(DEVELOPERS).expect(204)
    assert world.read_registry(token).status == 200
    assert world.pull(access) in (401, 403) and world.read_registry(mine).status == 403
    assert world.pull(world.access_token(world.refresh_token(token))) == 200


def test_a_further_link_leaves_the_others_as_they_are(linked):
    world = linked
    access = world.access_token(world.refresh_token(world.token()))
    world.link(DEVELOPERS, "another").expect(204)
    assert world.pull(access) == 200
    shown = world.owner.graph.call("GET", f"/groups/{world.group_id}").expect(200).json()["berthOutsideGroups"]
    assert shown == [{"issuer": world.issuer.issuer, "value": DEVELOPERS}, {"issuer": world.issuer.issuer, "value": "another"}]


def test_the_group_deleted_ends_it(world):
    group = world.owner.graph.create_group("short-lived")["id"]
    world.owner.arm.assign("AcrPull", group, world.registry.id, principal_type="Group")
    world.link("short", group=group).expect(204)
    access = world.access_token(world.refresh_token(world.token(("short",))))
    assert world.pull(access) == 200
    world.owner.graph.call("DELETE", f"/groups/{group}").expect(204)
    assert world.pull(access) in (401, 403)


def test_groups_of_the_linked_group_count_and_denials_too(world):
    inner, outer = (world.owner.graph.create_group(name)["id"] for name in ("inner", "outer"))
    world.owner.graph.add_member(outer, inner)
    assignment = world.owner.arm.assign("AcrPull", outer, world.registry.id, principal_type="Group")
    world.link("nested", group=inner).expect(204)
    access = world.access_token(world.refresh_token(world.token(("nested",))))
    assert world.pull(access) == 200
    world.owner.graph.remove_member(outer, inner)
    assert world.pull(access) in (401, 403), "a membership that ends counts at once"
    world.owner.arm.unassign(assignment)


def test_no_registry_token_outlives_the_token_it_came_from(linked):
    world = linked
    ends = int(time.time()) + 40
    refresh = world.refresh_token(world.token(exp=ends))
    access = world.access_token(refresh)
    mine = ask(world.berth, world.http, world.robot.client_id, world.token(exp=ends)).expect(200).json()
    assert mine["expires_in"] <= 40
    for made in (refresh, access, mine["access_token"], world.refresh_token(mine["access_token"])):
        assert decode(made)[1]["exp"] <= ends
    # Without groups nothing is shortened: what the program has of its own is not the issuer's word.
    plain = ask(world.berth, world.http, world.robot.client_id, world.token((), exp=ends)).expect(200).json()
    assert plain["expires_in"] > 3000


def test_every_shape_that_issuers_give_the_claim(world):
    entra = str(uuid.uuid4())
    world.link(entra, "/team/Ünïcode", "one-text").expect(204)
    for groups in ((entra,), ("x", entra, entra), ("/team/Ünïcode",), "one-text", tuple(f"group-{i}" for i in range(199)) + (entra,)):
        assert world.read_registry(world.token(groups)).status == 200, groups
    assert world.read_registry(world.token(None)).status == 403, "a token without the claim is in no group"
    for groups, word in (((7,), "text"), (7, "text"), ({"a": "b"}, "text"), ([["one-text"]], "text"), (["one-text", None], "text"),
                         (tuple(f"group-{i}" for i in range(201)), "201"), (("x" * 257,), "257"), (("one-text\0",), "NUL")):
        for answer in (world.read_registry(world.token(groups)), world.exchange(world.token(groups)),
                       ask(world.berth, world.http, world.robot.client_id, world.token(groups))):
            assert answer.status == 401 and word in answer.body.decode(), (groups, answer)
    # Too many for a token: Entra ID says where they are instead, or only that there are some.
    for more in ({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.windows.net/x"}}},
                 {"hasgroups": True}, {"hasgroups": "true"}):
        answer = world.read_registry(world.token(None, **more))
        assert answer.status == 401 and "left out" in answer.body.decode(), answer
    world.link().expect(204)


def test_what_is_no_name_of_the_group(linked):
    """Neither who chooses a name that looks alike nor another issuer with the same name gets in."""
    world = linked
    for groups in ((world.group_id,), ("developers",), ("/TEAM/DEV",), ("/team/dev/",), (" /team/dev",), ("/team/dev ",), ("team/dev",),
                   ("/team/dev\u200b",), ("/team/de\u0076\u0301",), ("%2Fteam%2Fdev",), ("/team/dev/inner",), ("*",), ("' or 1=1 --",)):
        assert world.read_registry(world.token(groups)).status == 403, groups
    # Not the claim that was configured.
    for name in ("Groups", "roles", "wids", "berth_groups"):
        assert world.read_registry(world.token(None, **{name: [DEVELOPERS]})).status == 403, name
    # Of other issuers, as they may be written.
    world.link(DEVELOPERS, issuer=world.issuer.issuer + "/").expect(204)
    assert world.read_registry(world.token()).status == 403
    world.link(DEVELOPERS, issuer=world.issuer.issuer.replace("http://", "HTTP://")).expect(204)
    assert world.read_registry(world.token()).status == 403
    world.link(DEVELOPERS, issuer="https://elsewhere.example").expect(204)
    assert world.read_registry(world.token()).status == 403


def test_a_group_of_one_is_none_of_another(linked):
    """What was decided for one principal with groups is not the other's."""
    world = linked
    other = identities.new_principal(world.owner.graph, "other")
    federate(world.owner, other.application_id, world.issuer, audience=AUDIENCE, subject="repo:octo/other").expect(201)
    for _ in range(3):
        assert world.read_registry(world.token()).status == 200
        assert world.read_registry(world.token((), sub="repo:octo/other")).status == 403
        assert world.read_registry(world.token(("x",))).status == 403
        assert world.read_registry(world.token(sub="repo:octo/other")).status == 200


def test_groups_alone_make_nobody(linked):
    """Without a federated credential a token stands for nobody, whatever groups it names; and groups are no directory role."""
    world = linked
    assert world.read_registry(world.token(sub="repo:octo/stranger")).status == 401
    assert world.http.get("/v1.0/groups", headers=bearer(world.token())).status == 401
    mine = ask(world.berth, world.http, world.robot.client_id, world.token(), "https://graph.microsoft.com/.default").expect(200)
    answer = world.http.request("PATCH", f"/v1.0/groups/{world.group_id}", headers=bearer(mine.json()["access_token"]),
                                json={"berthOutsideGroups": []})
    assert answer.status == 403


def test_a_refusal_names_the_groups_that_were_looked_at(linked):
    world = linked
    answer = world.http.request("DELETE", f"{world.registry.id}?api-version=2025-11-01", headers=bearer(world.token()))
    message = answer.expect(403).json()["error"]["message"]
    assert "'developers'" in message and "outside issuer" in message
    refresh = world.refresh_token(world.token())
    access = world.access_token(refresh, "repository:app:delete")
    answer = world.at.request("DELETE", "/v2/app/manifests/1", headers=bearer(access))
    assert answer.status in (401, 403)
    world.link().expect(204)
    mine = ask(world.berth, world.http, world.robot.client_id, world.token()).expect(200).json()["access_token"]
    assert "outside issuer" not in world.read_registry(mine).expect(403).json()["error"]["message"]


@pytest.mark.parametrize("linked_to", [
    [{"issuer": "https://a.example"}], [{"value": "x"}], [{"issuer": "", "value": "x"}], [{"issuer": "https://a.example", "value": ""}],
    [{"issuer": "nowhere", "value": "x"}], [{"issuer": "https://a.example", "value": 7}], "x", [["x"]], [None],
    [{"issuer": "https://a.example", "value": "x" * 257}], [{"issuer": "https://a.example", "value": "x", "more": 1}],
    [{"issuer": "https://a.example", "value": f"{i}"} for i in range(65)]], ids=lambda one: str(one)[:40])
def test_links_that_are_none(world, linked_to):
    answer = world.owner.graph.call("PATCH", f"/groups/{world.group_id}", json={"berthOutsideGroups": linked_to})
    assert answer.status == 400 and answer.json()["error"]["message"], answer


def test_who_may_not_change_the_group_may_not_link_it(world):
    other = identities.new_principal(world.owner.graph, "no-administrator")
    world.owner.arm.assign("Owner", other.object_id, world.berth.bootstrap.subscription_scope)
    answer = other.graph.call("PATCH", f"/groups/{world.group_id}", json={"berthOutsideGroups": [
        {"issuer": world.issuer.issuer, "value": "mine"}]})
    assert answer.status == 403
    assert world.owner.graph.call("GET", f"/groups/{world.group_id}").json()["berthOutsideGroups"] == []


def test_a_group_is_made_with_its_links(world):
    body = {"displayName": "made", "mailEnabled": False, "mailNickname": "made", "securityEnabled": True,
            "berthOutsideGroups": [{"issuer": world.issuer.issuer, "value": "made-with"}]}
    group = world.owner.graph.call("POST", "/groups", json=body).expect(201).json()
    world.owner.arm.assign("Reader", group["id"], world.registry.id, principal_type="Group")
    assert world.read_registry(world.token(("made-with",))).status == 200


def test_the_claim_that_counts_no_more(tmp_path, issuer):
    """What was made of it ends with the setting, also of another claim."""
    with contextlib.ExitStack() as undo:
        berth = Berth(tmp_path / "server", *trust(issuer)).start()
        undo.callback(berth.kill)
        # Registry tokens are for a login server with its port.
        berth.http_address, berth.https_address = (at.split("//")[1] for at in (berth.http, berth.https))
        world = World(berth, issuer)
        world.link(DEVELOPERS).expect(204)
        token = world.token(exp=int(time.time()) + 3000)
        refresh = world.refresh_token(token)
        access = world.access_token(refresh)
        mine = ask(berth, world.http, world.robot.client_id, token).expect(200).json()["access_token"]

        def restart(*flags: str) -> None:
            berth.stop()
            berth.flags = list(flags)
            berth.start()
            world.reach()

        restart(*trust(issuer))
        assert world.pull(access) == 200 and world.read_registry(mine).status == 200, "a restart alone ends nothing"
        for claim in (None, "roles"):
            restart(*trust(issuer, claim))
            assert world.pull(access) == 401, claim
            assert catalog_token(world.at, refresh).status == 401
            answer = world.read_registry(mine)
            assert answer.status == 401 and "groups" in answer.json()["error"]["message"]
            assert world.read_registry(token).status == 403, "it is still somebody"
        restart(*trust(issuer))
        assert world.pull(access) == 200


def test_people_whom_a_provider_vouches_for_are_in_its_groups(tmp_path, issuer):
    """By the id token of their sign-in: for twelve hours, through sessions, refresh tokens, access tokens and registry tokens."""
    secret = tmp_path / "client-secret"
    secret.write_text(issuer.client_secret + "\n")
    provider = ["--sign-in-provider", f"issuer={issuer.issuer},client-id={issuer.client_id},client-secret-file={secret},name=Keycloak"]
    berth = Berth(tmp_path / "server", *trust(issuer), *provider).start()
    try:
        world = World(berth, issuer)
        world.link(DEVELOPERS).expect(204)
        tenant = berth.bootstrap.tenant_id

        def refreshed(token: str):
            return world.http.post(f"/{tenant}/oauth2/v2.0/token", form={
                "grant_type": "refresh_token", "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "refresh_token": token,
                "scope": "https://management.azure.com/.default offline_access"})

        _, plain, _ = signed_in(world.http, tenant, issuer)
        assert world.read_registry(plain["access_token"]).status == 403
        issuer.change = {"groups": ["/else", DEVELOPERS]}
        claims, answer, _ = signed_in(world.http, tenant, issuer)
        assert world.read_registry(answer["access_token"]).status == 200
        assert world.read_registry(plain["access_token"]).status == 403, "of the sign-in before, without the groups"
        registry_refresh = world.refresh_token(answer["access_token"])
        assert world.pull(world.access_token(registry_refresh)) == 200
        answer = refreshed(answer["refresh_token"]).expect(200).json()
        assert world.read_registry(answer["access_token"]).status == 200
        source, until, *links = decode(answer["access_token"])[1]["berth_groups"].split(" ")
        assert 11 * 3600 < int(until) - time.time() <= 12 * 3600 and len(links) == 1
        world.link().expect(204)
        assert world.read_registry(answer["access_token"]).status == 403
        assert world.pull(world.access_token(registry_refresh)) in (401, 403)
        world.link(DEVELOPERS).expect(204)
        _, answer, _ = signed_in(world.http, tenant, issuer)
        # The provider says that there are more than it told: nobody is let in with a part of them.
        issuer.change = {"hasgroups": True}
        with pytest.raises(AssertionError):
            signed_in(world.http, tenant, issuer)
        assert "left out" in berth.log
        # Its groups count no more.
        berth.stop()
        berth.flags = [*trust(issuer, None), *provider]
        berth.start()
        world.reach()
        assert world.read_registry(answer["access_token"]).status == 401
        assert "AADSTS50173:" in refreshed(answer["refresh_token"]).expect(400).json()["error_description"]
    finally:
        issuer.change = {}
        berth.kill()


def test_an_import_decides_again_by_the_links_at_its_end(tmp_path, issuer):
    """Whoever was put into a group by a link that is gone when the image is complete gets no image."""
    source, held = SourceRegistry(), []

    def hold(handler):
        held.append(1)
        while len(held) < 2:
            time.sleep(0.01)
        source.answers.pop("/v2/x/manifests/1", None)
        source.answer(handler)

    berth = Berth(tmp_path / "server", "--trusted-issuer", f"issuer={issuer.issuer},audience={AUDIENCE},groups-claim=groups",
                  "--allow-outbound", "http://127.0.0.1").start()
    try:
        world, place = World(berth, issuer), Place(berth)
        world.owner.arm.assign("Container Registry Data Importer and Data Reader", world.group_id, place.registry.id,
                               principal_type="Group")
        source.push(image(), "1")

        def ended(target: str, meanwhile) -> dict:
            held.clear()
            source.answers["/v2/x/manifests/1"] = hold
            begun = world.http.post(f"{place.registry.id}/importImage?api-version=2025-11-01", headers=bearer(world.token()),
                                    json=body_of(source.host, "x:1", target)).expect(202)
            deadline = time.monotonic() + 30
            while not held:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            meanwhile()
            held.append(2)
            operation = begun.header("Azure-AsyncOperation").split("/")[-1].split("?")[0]
            path = (place.registry.id.split("/resourceGroups/")[0] + "/providers/Microsoft.ContainerRegistry/locations/"
                    f"{berth.bootstrap.location}/operationStatuses/{operation}")
            while (status := place.arm.call("GET", path).expect(200).json())["status"] in ("Accepted", "Running"):
                assert time.monotonic() < deadline, status
                time.sleep(0.05)
            return status

        world.link(DEVELOPERS).expect(204)
        assert ended("kept:1", lambda: None)["status"] == "Succeeded"
        status = ended("lost:1", lambda: world.link().expect(204))
        assert status["status"] == "Failed", status
        place.oci.get_manifest("lost", "1").expect(404)
    finally:
        held.extend([1, 2])
        source.close()
        berth.kill()
