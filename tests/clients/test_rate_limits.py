"""Real clients try again after a refusal with 429 and get what they want: skopeo waits as long as it is told, crane one second
and then three, whatever it is told."""

import pytest

from harness import content, identities
from harness.http_client import Http
from harness.oci import Oci
from harness.server import Berth
from programs import Crane, Skopeo
from sandbox import Place


@pytest.mark.parametrize("kind", [Crane, Skopeo])
def test_a_pull_within_a_small_budget_takes_longer_and_succeeds(kind, open_client, image, tmp_path):
    with Berth(tmp_path / "server", "--rate-limit-identity", "read=150,write=1000") as server:
        http = Http(server.http)
        owner = identities.bootstrap_owner(http, server.bootstrap)
        oci = Oci(http, server.bootstrap.login_server, owner.credentials, "basic")
        reference = f"clients/{content.unique('r')}:1.0.0"
        client = open_client(kind, Place(server.http, tmp_path / "none"))
        client.login(*owner.credentials)
        client.push(reference)
        # Use up what is left of the minute: the client's first reads are refused.
        while oci.get("/v2/").status == 200:
            pass
        client.pull(reference)
        measures = http.get("/metrics").body.decode()
        [refused] = [line for line in measures.splitlines() if 'budget="identity",kind="read"' in line]
        assert int(float(refused.split()[-1])) >= 2, "the client was never refused"
        http.close()
