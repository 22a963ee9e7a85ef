"""Operations: the bootstrap file, readiness, metrics, logs, signals, TLS."""

import hashlib
import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time
import urllib.parse

import pytest

from harness import content, raw_http, tokens
from harness.crowd import wait_for
from harness.http_client import Http
from harness.identities import bootstrap_owner, new_principal as make_principal
from harness.oci import NULL_USER, Oci, basic
from harness.server import Berth, is_sanitized

GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def owner_of(server: Berth, mode: str = "basic") -> Oci:
    client = Http(server.http)
    return Oci(client, server.bootstrap.login_server, bootstrap_owner(client, server.bootstrap).credentials, mode)


# The first start

def test_bootstrap_file(berth):
    file = berth.data / "bootstrap.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    document = json.loads(file.read_text())
    assert {"http", "https", "caFile", "tenantId", "subscriptionId", "resourceGroup", "location", "registryName", "registryId", "loginServer",
            "owner"} <= set(document)
    assert set(document["owner"]) >= {"clientId", "objectId", "clientSecret"}
    for name in ("tenantId", "subscriptionId"):
        assert re.fullmatch(GUID, document[name])
    assert document["registryId"] == (f"/subscriptions/{document['subscriptionId']}/resourceGroups/{document['resourceGroup']}"
                                      f"/providers/Microsoft.ContainerRegistry/registries/{document['registryName']}")


def test_data_folder_is_its_owners_only(berth):
    for path in [berth.data, *berth.data.rglob("*")]:
        if "ca" in path.name.lower() and path.suffix in (".pem", ".crt") and "key" not in path.name.lower():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        reachable = not stat.S_IMODE(berth.data.stat().st_mode) & 0o077
        assert reachable or not mode & 0o077, f"{path.name} is open to others: {mode:o}"


def test_restart_keeps_everything_but_the_ports(own_berth):
    server = own_berth().start()
    before = server.bootstrap
    oci = owner_of(server)
    manifest = content.image()
    oci.push("image", manifest, "latest")
    oci.http.close()
    server.restart()
    after = server.bootstrap
    for name in ("tenant_id", "subscription_id", "resource_group", "location", "registry_name", "registry_id", "owner_client_id",
                 "owner_object_id", "owner_secret", "ca_file"):
        assert getattr(before, name) == getattr(after, name), name
    oci = owner_of(server)
    assert oci.get_manifest("image", "latest").expect(200).body == manifest.data
    oci.http.close()
    server.stop()


def test_an_upload_goes_on_after_a_restart(own_berth):
    """An acknowledged chunk survives the process."""
    server = own_berth().start()
    oci = owner_of(server)
    data = content.random_blob(300_000)
    location = oci.location(oci.start_upload("image").expect(202))
    location = oci.location(oci.patch_upload(location, data[:200_000], 0).expect(202))
    oci.http.close()
    server.kill()
    server.start()
    oci = owner_of(server)
    assert oci.get(location).expect(204).header("Range") == "0-199999"
    location = oci.location(oci.patch_upload(location, data[200_000:], 200_000).expect(202))
    oci.finish_upload(location, content.digest_of(data)).expect(201)
    assert oci.get_blob("image", content.digest_of(data)).expect(200).body == data
    oci.http.close()
    server.stop()


def test_start_prints_addresses_and_commands(own_berth):
    server = own_berth().start()
    # It serves a moment before it says so.
    for words in (server.http, server.https, "docker", "podman", "skopeo"):
        wait_for(lambda: words in server.log, what=f"{words!r} in {server.log}")
    server.stop()


# Seen from outside

def test_ready_and_live(http):
    for path in ("/berth/v1/ready", "/berth/v1/live"):
        http.get(path).expect(200)


def samples(text: str) -> dict[str, float]:
    """Prometheus' text format: each line is a comment or a sample."""
    found = {}
    for line in text.splitlines():
        if not line or line.startswith(("# HELP ", "# TYPE ")):
            continue
        match = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[^}]*\})?) ([-+0-9.eE]+|NaN|[+-]Inf)', line)
        assert match, f"not a sample: {line!r}"
        assert match[1] not in found, f"twice: {line!r}"
        found[match[1]] = float(match[2])
    return found


def test_metrics(own_berth):
    server = own_berth().start()
    client = Http(server.http)
    answer = client.get("/metrics").expect(200)
    assert answer.header("Content-Type").startswith("text/plain")
    before = samples(answer.body.decode())
    assert len(before) > 5
    assert all(name.startswith(("berth_", "process_")) for name in before), sorted(before)
    oci = owner_of(server)
    for _ in range(10):
        oci.get("/v2/").expect(200)
    after = samples(client.get("/metrics").expect(200).body.decode())
    grown = [name for name in after if after[name] - before.get(name, 0.0) >= 10 and "request" in name]
    assert grown, "ten requests are not counted anywhere"
    assert server.bootstrap.owner_secret not in str(after)
    oci.http.close()
    client.close()
    server.stop()


def test_each_answer_has_a_correlation_id_of_its_own(http, arm, graph, oci, berth, owner, repository):
    answers = [http.get("/berth/v1/ready"), http.get("/metrics"), http.get("/nothing"), http.get("/v2/"), oci.get("/v2/"),
               oci.get_manifest(repository, "absent"), arm.call("GET", berth.bootstrap.registry_id), arm.http.get(berth.bootstrap.registry_id),
               graph.call("GET", "/applications"), graph.call("GET", "/nothing"), http.post("/oauth2/token", form={}),
               tokens.ask(http, berth.bootstrap.tenant_id, *owner.credentials), tokens.ask(http, berth.bootstrap.tenant_id, "x", "y"),
               http.request("BREW", "/v2/")]
    seen = set()
    for answer in answers:
        found = answer.header("X-Ms-Correlation-Request-Id")
        assert re.fullmatch(GUID, found or ""), answer
        seen.add(found)
    assert len(seen) == len(answers)
    raw = raw_http.send(berth.http, b"GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    assert re.fullmatch(GUID, raw.headers.get("x-ms-correlation-request-id", "")), raw


def test_a_refusal_is_found_in_the_log_by_its_correlation_id(own_berth):
    server = own_berth().start()
    oci = Oci(Http(server.http), server.bootstrap.login_server, ("nobody", "wrong"), "basic")
    found = oci.get("/v2/").expect(401).header("X-Ms-Correlation-Request-Id")
    oci.http.close()
    server.stop()
    [line] = [line for line in server.log.splitlines() if found in line]
    document = json.loads(line)
    assert str(document.get("status")) == "401", line


def secret_traffic(server: Berth) -> list[str]:
    """Uses every kind of secret, rightly and wrongly; gives them all."""
    client = Http(server.http)
    facts = server.bootstrap
    owner = bootstrap_owner(client, facts)
    login = facts.login_server
    secrets = [facts.owner_secret]
    principal = make_principal(owner.graph, "logged")
    secrets.append(principal.secret)
    arm_token = owner.entra_token()
    nobody = Oci(client, login, mode="none")
    refresh = nobody.post("/oauth2/exchange", form={"grant_type": "access_token", "service": login, "access_token": arm_token}) \
        .expect(200).json()["refresh_token"]
    access = nobody.post("/oauth2/token", form={"grant_type": "refresh_token", "service": login, "scope": "repository:a:pull",
                                                "refresh_token": refresh}).expect(200).json()["access_token"]
    secrets += [arm_token, refresh, access, owner.graph.token]
    owner.arm.patch_registry(facts.registry_name, properties={"adminUserEnabled": True}).expect(200, 201)
    for answer in (owner.arm.call("POST", facts.registry_id + "/listCredentials"),
                   owner.arm.call("POST", facts.registry_id + "/regenerateCredential", json={"name": "password"})):
        secrets += [password["value"] for password in answer.expect(200).json()["passwords"]]
    for user, password in ((facts.registry_name, secrets[-1]), (NULL_USER, refresh), (principal.client_id, principal.secret),
                           (facts.owner_client_id, "wrong-secret-4711")):
        nobody.get("/v2/", headers={"Authorization": basic(user, password)})
        secrets.append(basic(user, password).removeprefix("Basic "))
    secrets.append("wrong-secret-4711")
    nobody.get("/v2/", headers={"Authorization": "Bearer bad.token-4712.x"})
    nobody.get("/v2/a/tags/list?access_token=in-the-query-4713")
    tokens.ask(client, facts.tenant_id, facts.owner_client_id, "wrong-secret-4714")
    client.post(f"/{facts.tenant_id}/oauth2/v2.0/token?client_secret=in-the-query-4715", form={"grant_type": "x"})
    raw_http.send(server.http, b"GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\nAuthorization: Bearer secret-4716\r\n\r\n")
    secrets += ["token-4712", "query-4713", "wrong-secret-4714", "query-4715", "secret-4716"]
    push = Oci(client, login, owner.credentials, "basic")
    location = push.location(push.start_upload("a").expect(202))
    secrets.append(location.partition("?")[0].rpartition("/")[2])
    push.finish_upload(location, content.digest_of(b"x"), b"x").expect(201)
    client.close()
    return secrets


def test_no_secret_in_any_log(own_berth):
    server = own_berth(variables={"BERTH_LOG_LEVEL": "trace"}).start()
    secrets = secret_traffic(server)
    server.restart()
    server.stop()
    log = server.log
    assert '"' in log and "401" in log, "the log says too little to be tested"
    for secret in secrets:
        assert len(secret) > 8
        assert secret not in log, f"in the log: {secret[:12]}…"


# Signals

def test_sigterm_ends_cleanly_and_soon(own_berth):
    server = own_berth().start()
    idle = Http(server.http)
    idle.get("/berth/v1/live").expect(200)
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 5, "an idle connection holds it up"
    idle.close()


def test_sigterm_lets_a_request_finish(own_berth):
    """What has begun is ended; what comes anew is not taken."""
    server = own_berth().start()
    facts = server.bootstrap
    data = content.random_blob(400_000)
    digest = content.digest_of(data)
    head = (f"POST /v2/image/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: {facts.login_server}\r\n"
            f"Authorization: {basic(facts.owner_client_id, facts.owner_secret)}\r\nContent-Length: {len(data)}\r\n\r\n")
    with raw_http.connect(server.http) as connection:
        connection.sendall(head.encode() + data[:100_000])
        time.sleep(0.3)
        server.send(signal.SIGTERM)
        time.sleep(0.3)
        assert server.process.poll() is None, "it did not wait"
        parts = urllib.parse.urlsplit(server.http)
        with pytest.raises(OSError):
            with socket.create_connection((parts.hostname, parts.port), timeout=1) as late:
                late.sendall(b"GET /berth/v1/live HTTP/1.1\r\nHost: x\r\n\r\n")
                if not late.recv(10):
                    raise ConnectionResetError
        connection.sendall(data[100_000:])
        connection.settimeout(10)
        assert connection.recv(4096).startswith(b"HTTP/1.1 201")
    server.stop()
    server.start()
    oci = owner_of(server)
    assert oci.get_blob("image", digest).expect(200).body == data
    oci.http.close()
    server.stop()


def test_sigint_ends_as_sigterm_does(own_berth):
    server = own_berth().start()
    server.send(signal.SIGINT)
    assert server.wait() == 0


def test_sighup_does_not_interrupt(own_berth):
    server = own_berth().start()
    oci = owner_of(server)
    oci.push("image", content.image(), "latest")
    for _ in range(3):
        server.send(signal.SIGHUP)
        oci.get_manifest("image", "latest").expect(200)
        secure = Http(server.https, ca_file=server.bootstrap.ca_file)
        secure.get("/berth/v1/live").expect(200)
        secure.close()
    oci.http.close()
    server.stop()


def test_sighup_reads_the_log_level_again(own_berth, tmp_path):
    file = tmp_path / "berth.conf"
    file.write_text('log-level = "error"\n')
    server = own_berth("--config", str(file)).start()
    client = Http(server.http)

    def logged() -> bool:
        answer = client.get("/v2/", headers={"Authorization": basic("nobody", "wrong")}).expect(401)
        time.sleep(0.05)
        return answer.header("X-Ms-Correlation-Request-Id") in server.log

    assert not logged()
    file.write_text('log-level = "info"\n')
    server.send(signal.SIGHUP)
    deadline = time.monotonic() + 5
    while not logged():
        assert time.monotonic() < deadline, "the level has not changed"
    client.close()
    server.stop()


# Addresses

def test_external_url(own_berth):
    """The address is told, not guessed: what clients get to see is the outside one."""
    name = "frontier"
    server = own_berth("--registry-name", name, "--external-url", f"{name}=https://images.example.org").start()
    assert server.bootstrap.login_server == "images.example.org"
    client = Http(server.http)
    oci = Oci(client, "images.example.org", bootstrap_owner(client, server.bootstrap).credentials)
    header = Oci(client, "images.example.org", mode="none").get("/v2/").expect(401).header("WWW-Authenticate")
    assert header == 'Bearer realm="https://images.example.org/oauth2/token",service="images.example.org"'
    manifest = content.image()
    oci.push("image", manifest, "latest")
    assert oci.get_manifest("image", "latest").expect(200).body == manifest.data
    document = bootstrap_owner(client, server.bootstrap).arm.call("GET", server.bootstrap.registry_id).expect(200).json()
    assert document["properties"]["loginServer"] == "images.example.org"
    client.close()
    server.stop()


@pytest.mark.parametrize("trusted", [True, False])
def test_forwarded_headers_count_from_configured_proxies_only(own_berth, trusted):
    flags = ("--trusted-proxy", "127.0.0.1") if trusted else ()
    server = own_berth(*flags).start()
    client = Http(server.http)
    header = client.get("/v2/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "proxy.example", "X-Forwarded-For": "192.0.2.7"}) \
        .expect(401).header("WWW-Authenticate")
    assert ('realm="https://proxy.example/oauth2/token"' in header) is trusted, header
    client.close()
    server.stop()
    assert ("192.0.2.7" in server.log) is trusted


def test_settings_from_the_environment(own_berth, tmp_path):
    """A flag wins over the environment, the environment over the file."""
    file = tmp_path / "berth.conf"
    file.write_text('registry-name = "fromfile"\nresource-group = "fromfile"\nlocation = "northeurope"\n')
    server = own_berth("--registry-name", "fromflag", variables={"BERTH_CONFIG": str(file), "BERTH_REGISTRY_NAME": "fromenvironment",
                                                                 "BERTH_RESOURCE_GROUP": "fromenvironment"}).start()
    facts = server.bootstrap
    assert (facts.registry_name, facts.resource_group, facts.location) == ("fromflag", "fromenvironment", "northeurope")
    server.stop()


# TLS

def certificate(berth, host: str, name: str | None) -> dict:
    """The certificate that a client sees who asks for `name`, checked as clients check it."""
    context = ssl.create_default_context(cafile=berth.bootstrap.ca_file)
    port = urllib.parse.urlsplit(berth.https).port
    with socket.create_connection((host, port), timeout=5) as plain, context.wrap_socket(plain, server_hostname=name or host) as secure:
        assert secure.version() in ("TLSv1.2", "TLSv1.3")
        return secure.getpeercert()


def test_certificate_for_each_name(berth, registry):
    names = ["127.0.0.1", "::1", "localhost", registry.login_server.partition(":")[0], berth.bootstrap.login_server.partition(":")[0]]
    for name in names:
        found = certificate(berth, "127.0.0.1", name)
        assert not any(value.startswith("*.") for kind, value in found["subjectAltName"] if kind == "DNS"), "clients refuse *.localhost"


def test_both_loopback_families(berth):
    for base in (berth.http, berth.https):
        port = urllib.parse.urlsplit(base).port
        for host in ("127.0.0.1", "[::1]"):
            scheme = base.partition(":")[0]
            client = Http(f"{scheme}://{host}:{port}", ca_file=berth.bootstrap.ca_file)
            client.get("/berth/v1/live").expect(200)
            client.close()


def test_old_tls_is_refused(berth):
    parts = urllib.parse.urlsplit(berth.https)
    for version in ("-tls1", "-tls1_1"):
        made = subprocess.run(["openssl", "s_client", "-connect", f"{parts.hostname}:{parts.port}", version, "-cipher", "ALL:@SECLEVEL=0"],
                              input=b"", capture_output=True, timeout=10)
        assert b"Cipher is (NONE)" in made.stdout or made.returncode != 0, made.stdout


def test_a_client_that_does_not_trust_the_ca(berth):
    parts = urllib.parse.urlsplit(berth.https)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as plain:
        with pytest.raises(ssl.SSLError):
            ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")
    # The listener goes on.
    certificate(berth, "127.0.0.1", "localhost")


def test_everything_over_https(berth, first_registry, owner, repository):
    client = Http(berth.https, ca_file=berth.bootstrap.ca_file, server_name=first_registry.login_server.partition(":")[0])
    port = urllib.parse.urlsplit(berth.https).port
    host = f"{first_registry.login_server.partition(':')[0]}:{port}"
    oci = Oci(client, host, owner.credentials)
    manifest = content.image(size=2_000_000)
    oci.push(repository, manifest, "latest")
    assert oci.get_manifest(repository, "latest").expect(200).body == manifest.data
    assert oci.get_blob(repository, content.digest_of(manifest.blobs[1])).expect(200).body == manifest.blobs[1]
    token = tokens.client_credentials(client, berth.bootstrap.tenant_id, *owner.credentials)
    client.get(f"{berth.bootstrap.registry_id}?api-version=2025-11-01", headers={"Authorization": f"Bearer {token}"}).expect(200)
    metadata = client.get(f"/{berth.bootstrap.tenant_id}/v2.0/.well-known/openid-configuration").expect(200).json()
    assert metadata["token_endpoint"].startswith("https://")
    client.close()


def test_a_certificate_of_ones_own(own_berth, tmp_path):
    """A certificate that somebody else signed, exchanged under way by SIGHUP."""
    def make(name: str) -> None:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1", "-keyout", str(tmp_path / "key.pem"), "-out",
                        str(tmp_path / "certificate.pem")], check=True, capture_output=True)

    def served() -> str:
        port = urllib.parse.urlsplit(server.https).port
        return ssl.get_server_certificate(("127.0.0.1", port))

    make("first.example")
    server = own_berth("--tls-certificate", str(tmp_path / "certificate.pem"), "--tls-key", str(tmp_path / "key.pem")).start()
    assert served().strip() == (tmp_path / "certificate.pem").read_text().strip()
    make("second.example")
    server.send(signal.SIGHUP)
    deadline = time.monotonic() + 5
    while served().strip() != (tmp_path / "certificate.pem").read_text().strip():
        assert time.monotonic() < deadline, "the new certificate is not served"
        time.sleep(0.05)
    server.stop()


# Many at once

def test_a_slow_reader_and_many_at_once_do_not_stop_others(berth, first_registry, owner, oci, repository):
    data = content.random_blob(8_000_000)
    digest = oci.push_blob(repository, data)
    target = (f"GET /v2/{repository}/blobs/{digest} HTTP/1.1\r\nHost: {first_registry.login_server}\r\n"
              f"Authorization: {basic(*owner.credentials)}\r\n\r\n").encode()
    slow = [raw_http.connect(berth.http) for _ in range(20)]
    for connection in slow:
        connection.sendall(target)  # and read nothing
    results = []

    def pull() -> None:
        client = Oci(Http(berth.http), first_registry.login_server, owner.credentials, "basic")
        results.append(client.get_blob(repository, digest).body == data)
        client.http.close()

    threads = [threading.Thread(target=pull) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert results == [True] * 8
    for connection in slow:
        connection.close()


def test_memory_stays_bounded_while_large_blobs_pass(own_berth):
    """Streamed both ways: 256 MiB up and down cost little memory."""
    if is_sanitized():
        pytest.skip("a sanitizer holds back what was freed")
    server = own_berth().start()
    oci = owner_of(server)
    part = os.urandom(1 << 20)
    count = 256
    whole = hashlib.sha256()
    for _ in range(count):
        whole.update(part)
    digest = f"sha256:{whole.hexdigest()}"
    location = oci.location(oci.start_upload("large").expect(202))
    oci.put(oci.with_query(location, digest=digest), body=(part for _ in range(count)),
            headers={"Content-Type": "application/octet-stream", "Content-Length": str(count << 20)}).expect(201)
    back = hashlib.sha256()
    target = f"GET /v2/large/blobs/{digest} HTTP/1.1\r\nHost: {oci.host}\r\nAuthorization: {basic(*oci.credentials)}\r\nConnection: close\r\n\r\n"
    with raw_http.connect(server.http) as connection:
        connection.sendall(target.encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        back.update(received.partition(b"\r\n\r\n")[2])
        while chunk := connection.recv(1 << 20):
            back.update(chunk)
    assert f"sha256:{back.hexdigest()}" == digest
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1])
    assert peak < 150_000, f"{peak} kB at the peak"
    oci.http.close()
    server.stop()
