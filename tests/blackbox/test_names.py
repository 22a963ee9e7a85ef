"""Under which names the server is reached: its domain, its login servers, the port that clients use, and what certificate each
name gets. tests/clients/test_login_servers.py does it with real clients."""

import json
import socket
import ssl
import subprocess
import urllib.parse

import pytest

from harness.http_client import Http
from harness.tokens import client_credentials


def facts(server) -> dict:
    return json.loads((server.data / "bootstrap.json").read_text())


def names_in_certificate(server, name: str, ca_file: str) -> set[str]:
    """What the certificate is for that a client gets who asks for `name`; the client checks it."""
    context = ssl.create_default_context(cafile=ca_file)
    parts = urllib.parse.urlsplit(server.https)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as plain, context.wrap_socket(plain, server_hostname=name) as secure:
        return {value for _, value in secure.getpeercert()["subjectAltName"]}


def test_a_domain_of_its_own_behind_a_proxy(own_berth):
    """Clients use another port than berth listens at, and the proxy says so."""
    server = own_berth("--domain", "Registry.example.com:443", "--trusted-proxy", "127.0.0.1,::1").start()
    assert server.bootstrap.login_server == "berth.registry.example.com"
    assert facts(server)["address"] == "https://registry.example.com"
    http = Http(server.http)

    def through_proxy(name: str) -> dict[str, str]:
        return {"X-Forwarded-Host": name, "X-Forwarded-Proto": "https"}

    challenge = http.get("/v2/", headers=through_proxy("berth.registry.example.com")).expect(401).header("WWW-Authenticate")
    assert challenge.startswith('Bearer realm="https://berth.registry.example.com/oauth2/token",service="berth.registry.example.com"')
    cloud = http.get("/metadata/endpoints?api-version=2022-09-01", headers=through_proxy("registry.example.com")).expect(200).json()
    assert cloud["resourceManager"] == cloud["authentication"]["audiences"][0] == "https://registry.example.com"
    assert cloud["suffixes"]["acrLoginServer"] == ".registry.example.com"

    # A token for the address that az was told is taken there.
    token = client_credentials(http, server.bootstrap.tenant_id, server.bootstrap.owner_client_id, server.bootstrap.owner_secret,
                               "https://registry.example.com/.default")
    answer = http.get("/subscriptions?api-version=2022-12-01", headers={"Authorization": f"Bearer {token}", **through_proxy("registry.example.com")})
    assert answer.expect(200).json()["value"]


def test_the_local_ca_knows_the_domain_and_the_login_servers(own_berth):
    server = own_berth("--domain", "registry.example.com").start()
    port = urllib.parse.urlsplit(server.https).port
    assert facts(server)["address"] == f"https://registry.example.com:{port}"
    for name in ("registry.example.com", "berth.registry.example.com"):
        assert name in names_in_certificate(server, name, server.bootstrap.ca_file)
    for name in ("other.registry.example.com", "example.com"):
        with pytest.raises(ssl.SSLCertVerificationError):
            names_in_certificate(server, name, server.bootstrap.ca_file)


@pytest.mark.parametrize("names, address, missing", (
    (("registry.example.com", "*.registry.example.com"), "registry.example.com", ()),
    (("*.registry.example.com",), "berth.registry.example.com", ()),
    (("registry.example.com",), "registry.example.com", ("'berth.registry.example.com'",)),
    (("elsewhere.example.com",), "registry.example.com", ("'registry.example.com'", "'berth.registry.example.com'")),
), ids=("both", "wildcard alone", "domain alone", "neither"))
def test_a_certificate_of_ones_own(own_berth, tmp_path, names, address, missing):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=own",
         "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names), "-keyout", "own.key", "-out", "own.pem"],
        cwd=tmp_path, check=True, capture_output=True)
    server = own_berth("--domain", "registry.example.com", "--tls-certificate", str(tmp_path / "own.pem"), "--tls-key", str(tmp_path / "own.key")).start()
    port = urllib.parse.urlsplit(server.https).port
    assert facts(server)["address"] == f"https://{address}:{port}" and facts(server)["caFile"] is None
    told = [line for line in server.log.splitlines() if "--tls-certificate is not for" in line]
    assert len(told) == len(missing) and all(any(name in line for line in told) for name in missing), server.log


@pytest.mark.parametrize("listen, host", (("0.0.0.0:0", "127.0.0.1"), ("[::]:0", "[::1]"), ("localhost:0", "localhost"), ("[::1]:0", "[::1]")))
def test_where_programs_on_the_machine_reach_it(own_berth, listen, host):
    server = own_berth(https=listen).start()
    assert urllib.parse.urlsplit(server.https).netloc.rpartition(":")[0] == host
    port = urllib.parse.urlsplit(server.https).port
    assert facts(server)["address"] == f"https://localhost:{port}"
    families = ["127.0.0.1"] if listen.startswith("0.") else ["127.0.0.1", "[::1]"]
    for family in families:
        Http(f"https://{family}:{port}", ca_file=server.bootstrap.ca_file).get("/berth/v1/live").expect(200)


def test_without_https_there_is_no_address_for_people(own_berth):
    server = own_berth(https="off").start()
    assert facts(server)["address"] is None and facts(server)["https"] is None
    assert "berth az" not in server.log


@pytest.mark.parametrize("domain", ("https://registry.example.com", "*.example.com", "registry.example.com:0", "127.0.0.1", "a..b"))
def test_a_domain_that_cannot_be_is_refused_at_the_start(own_berth, domain):
    server = own_berth("--domain", domain)
    assert server.launch().wait(timeout=30) == 1
    assert f"--domain '{domain}'" in server.log and not (server.data / "bootstrap.json").exists()
