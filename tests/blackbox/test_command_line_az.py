"""`berth az`: the commands it prints are for this server and its CA. tests/clients/test_login_servers.py runs them with az."""

import shlex
import urllib.parse
from pathlib import Path


def port(base: str) -> int:
    return urllib.parse.urlsplit(base).port


def test_it_prints_the_address_the_ca_and_each_way_to_sign_in(signed_in, berth):
    said = signed_in("az").stdout
    address = f"https://localhost:{port(berth.https)}"
    assert f"az cloud register --name berth --endpoint-resource-manager {address}\n" in said
    assert f"export REQUESTS_CA_BUNDLE={shlex.quote(berth.bootstrap.ca_file)}\n" in said
    for words in ("az login\n", "--use-device-code", "--password=", "--certificate", "--federated-token", "az login --identity", "az acr login"):
        assert words in said, words
    assert berth.bootstrap.owner_client_id in said and berth.bootstrap.owner_secret not in said
    assert f"NAME.azurecr.localhost:{port(berth.https)}" in said


def test_the_same_for_programs(signed_in, berth):
    facts = signed_in.json("az", "--name", "edge")
    assert facts["address"] == f"https://localhost:{port(berth.https)}"
    assert Path(facts["caFile"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert facts["tenantId"] == berth.bootstrap.tenant_id
    assert facts["loginServerSuffix"] == f".azurecr.localhost:{port(berth.https)}"
    assert any("--name edge " in line for line in facts["setUp"])
    assert set(facts["signIn"]) == {"browser", "deviceCode", "secret", "certificate", "federatedToken", "managedIdentity"}


def test_who_signed_in_elsewhere_gets_the_address_that_they_used(run, berth, new_principal):
    principal = new_principal("Reader")
    run("login", "--server", berth.https, "--client-id", principal.client_id, "--ca", berth.bootstrap.ca_file, text=principal.secret)
    facts = run.json("az")
    assert facts["address"] == berth.https and facts["caFile"] == berth.bootstrap.ca_file
    assert principal.client_id in facts["signIn"]["secret"]


def test_without_https_it_says_what_to_do(run, berth, new_principal):
    principal = new_principal("Reader")
    run("login", "--server", berth.http, "--client-id", principal.client_id, text=principal.secret)
    assert "--data" in run.refused("az", code=2)


def test_a_server_that_is_gone_and_a_name_that_is_none(run, own_berth):
    server = own_berth().start()
    run("login", "--data", str(server.data))
    assert "letters" in run.refused("az", "--name", "a b;c", code=2)
    server.stop()
    said = run.refused("az")
    assert "names.md" in said and f":{port(server.https)}" in said
