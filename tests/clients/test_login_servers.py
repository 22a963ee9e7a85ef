"""Names of login servers: the pages' commands as they stand in docs/names.md, in a network of their own where its ports are
free and its domain is known; and the clients at a login server by its name."""

import json
import os
import re
import shutil
import subprocess
import urllib.parse
from pathlib import Path

import pytest

from harness.content import unique
from harness.server import CHECKOUT, binary, environment
from programs import CLIENTS as PROGRAMS
from programs.client import Daemons
from sandbox import CLIENTS, SEARCH, Place, may_mount, need

PAGE = CHECKOUT / "docs" / "names.md"
HOSTS = ("registry.example.com", "berth.registry.example.com", "team1.registry.example.com")
SECONDS = 240

# Runs in the network of its own: the loopback device is up, /etc/hosts is ours, then the server and the commands.
INSIDE = """
ip link set lo up
mount --bind hosts /etc/hosts
[[ ! -e fullchain.pem ]] || mount --bind fullchain.pem /etc/ssl/certs/ca-certificates.crt
{serve} > berth.log 2>&1 &
server=$!
trap 'kill $server; wait $server' EXIT
for attempt in $(seq 100); do
  [[ -s berth-data/bootstrap.json ]] && break
  kill -0 $server || {{ cat berth.log; exit 1; }}
  sleep 0.1
done
value() {{ python3 -c 'import json, sys; print(eval("json.load(open(\\"berth-data/bootstrap.json\\"))" + sys.argv[1]))' "$1"; }}
TENANT=$(value '["tenantId"]') CLIENT_ID=$(value '["owner"]["clientId"]') SECRET=$(value '["owner"]["clientSecret"]')
echo "$SECRET" > secret.txt
set -x
{commands}
"""


def blocks(heading: str) -> tuple[str, str]:
    """The section's command that serves, and those of the clients."""
    section = re.split(r"\n## ", PAGE.read_text())
    section = next(one for one in section if one.startswith(heading + "\n"))
    serve, commands = re.findall(r"```\n(.*?)```", section, re.S)
    return serve.strip(), commands


def run(place: Path, heading: str) -> str:
    """What the section's commands print; they stop at the first that fails."""
    need("ip", root=True)
    need("skopeo")
    if not may_mount():
        pytest.skip("this machine lets nobody have mounts of their own")
    if not (CLIENTS / "az.version").exists() and heading != "One machine":
        pytest.skip("az is not installed (script/clients gets it)")
    serve, commands = blocks(heading)
    (place / "bin").mkdir()
    (place / "bin" / "berth").symlink_to(binary())
    (place / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n127.0.0.1 " + " ".join(HOSTS) + "\n")
    variables = {**environment(), "HOME": str(place), "PATH": os.pathsep.join((str(place / "bin"), str(CLIENTS / "az" / "bin"), SEARCH)),
                 "XDG_CONFIG_HOME": str(place / ".config"), "XDG_RUNTIME_DIR": str(place), "AZURE_CONFIG_DIR": str(place / "azure"),
                 "AZURE_CORE_COLLECT_TELEMETRY": "no", "AZURE_CORE_ONLY_SHOW_ERRORS": "no", "DOCKER_CONFIG": str(place / "docker"),
                 "REGISTRY_AUTH_FILE": str(place / "auth.json")}
    ended = subprocess.run(
        ["unshare", "--net", "--mount", "--propagation", "private", "bash", "-euo", "pipefail", "-c",
         INSIDE.format(serve=serve, commands=commands)],
        cwd=place, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS)
    assert ended.returncode == 0, ended.stdout[-6000:]
    return ended.stdout


@pytest.fixture
def place(tmp_path, image):
    """A folder with an image in the OCI layout `hello`."""
    shutil.copytree(image.layout, tmp_path / "hello")
    index = tmp_path / "hello" / "index.json"
    document = json.loads(index.read_text())
    document["manifests"] = document["manifests"][:1]
    index.write_text(json.dumps(document))
    return tmp_path


def test_one_machine(place):
    said = run(place, "One machine")
    assert "HTTP/1.1 401" in said and 'service="team1.azurecr.localhost:5443"' in said
    assert "Login Succeeded" in said and '"1"' in said.partition("skopeo list-tags")[2]


def test_a_domain_of_your_own(place):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=registry.example.com",
         "-addext", "subjectAltName=DNS:registry.example.com,DNS:*.registry.example.com", "-keyout", "privkey.pem", "-out", "fullchain.pem"],
        cwd=place, check=True, capture_output=True)
    said = run(place, "A domain of your own")
    assert "az cloud register --name berth --endpoint-resource-manager https://registry.example.com" in said
    assert "team1.registry.example.com" in said and "Login Succeeded" in said
    assert re.search(r"DNS lookup to team1.registry.example.com at IP 127.0.0.1 : OK", said)
    assert re.search(r"Challenge endpoint https://team1.registry.example.com/v2/ : OK", said)
    assert '"hello"' in said


def test_port_443(place):
    said = run(place, "Port 443")
    assert re.search(r"DNS lookup to berth.azurecr.localhost at IP 127.0.0.1 : OK", said)
    assert re.search(r"Challenge endpoint https://berth.azurecr.localhost/v2/ : OK", said)
    assert "Fetch access token for registry 'berth.azurecr.localhost' : OK" in said
    assert "\nberth.azurecr.localhost\n" in said.partition("--expose-token")[2]


# Clients at a login server by its name. The names lead to this machine without anybody's doing.

@pytest.fixture(scope="module")
def named(berth, tmp_path_factory) -> Place:
    file = tmp_path_factory.mktemp("certificates") / "ca.crt"
    file.write_bytes(Path(berth.bootstrap.ca_file).read_bytes())
    return Place("https://" + berth.bootstrap.login_server, file)


@pytest.fixture(scope="module")
def daemons(named):
    started = Daemons(named)
    yield started
    started.stop()


@pytest.mark.parametrize("kind", PROGRAMS, ids=lambda kind: kind.__name__)
def test_a_client_at_the_login_server(kind, open_client, named, new_principal, stored):
    assert urllib.parse.urlsplit(named.url).hostname.endswith(".azurecr.localhost")
    name = f"clients/{unique('r')}:1.0.0"
    client = open_client(kind, named)
    client.login(*new_principal("AcrPush").credentials)
    client.push(name)
    assert len(stored(name)) > 2
