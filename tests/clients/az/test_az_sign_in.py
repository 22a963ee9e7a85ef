"""az cloud, login and logout: each way in, as programs and as people."""

import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from azure_cli import Az
from harness.content import unique
from harness.tokens import forge
from person import Person

PASSWORD = "Correct-Horse-1"


@dataclass
class Someone:
    """A person with a password, who may read the subscription."""

    name: str
    object_id: str
    password: str = PASSWORD


@pytest.fixture
def someone(cloud) -> Someone:
    name = f"{unique('person')}@berth.localhost"
    made = cloud.owner.graph.call("POST", "/users", json={
        "displayName": name, "userPrincipalName": name, "mailNickname": name.split("@")[0], "accountEnabled": True,
        "passwordProfile": {"password": PASSWORD, "forceChangePasswordNextSignIn": False}}).expect(201).json()
    cloud.owner.arm.assign("Reader", made["id"], cloud.scope, "User")
    return Someone(name, made["id"])


@pytest.fixture
def ordinary(cloud, fresh_az):
    """An az for which the authority is an ordinary one: it must not ask Microsoft's servers about it first."""
    az = fresh_az()
    az("config set core.instance_discovery=false -o none")
    az(f"cloud update -n berth --endpoint-active-directory {cloud.url} -o none")
    return az


def pem_of_a_new_certificate(folder: Path) -> tuple[Path, Path]:
    """A key with its certificate in one file, and the certificate alone."""
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=pipeline", "-days", "2",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both, certificate


def signed_in_as(az) -> str:
    return az("account show")["user"]["name"]


def test_a_cloud_is_known_by_one_address(cloud, fresh_az):
    az = fresh_az()
    shown = az("cloud show")
    assert shown["name"] == "berth" and shown["endpoints"]["resourceManager"] == cloud.url
    assert shown["suffixes"]["acrLoginServerEndpoint"] == f".azurecr.localhost:{cloud.url.rsplit(':', 1)[1]}"
    assert [found["name"] for found in az("cloud list") if found["isActive"]] == ["berth"]
    az("cloud set -n AzureCloud")
    az("cloud unregister -n berth")
    az(f"cloud register -n berth --endpoint-resource-manager {cloud.url}")
    az("cloud set -n berth")


def test_a_cloud_is_known_by_its_description_alone(cloud, new_principal, tmp_path):
    """The older way, without registering: a variable that names the description, as a list."""
    program = new_principal("Reader", cloud.scope)
    az = Az(tmp_path / "az", cloud.ca_file)
    place = {"ARM_CLOUD_METADATA_URL": f"{cloud.url}/metadata/endpoints?api-version=2019-05-01", "SSL_CERT_FILE": cloud.ca_file}
    assert "berth" in [found["name"] for found in az("cloud list", **place)]
    az("cloud set -n berth", **place)
    az(f"login --service-principal -u {program.client_id} -p {program.secret} --tenant {cloud.tenant}", **place)
    assert az("group list", **place)


def test_a_secret(cloud, fresh_az, new_principal):
    program = new_principal("Reader", cloud.scope)
    az = fresh_az()
    words = f"login --service-principal -u {program.client_id} --tenant {cloud.tenant}"
    assert "AADSTS7000215" in az.refused(f"{words} -p wrong")
    assert [account["id"] for account in az(f"{words} -p {program.secret}")] == [cloud.subscription]
    assert signed_in_as(az) == program.client_id
    az("logout")
    assert "az login" in az.refused("account show")


def test_an_ordinary_authority_does_as_well(cloud, ordinary, new_principal):
    program = new_principal("Reader", cloud.scope)
    ordinary(f"login --service-principal -u {program.client_id} -p {program.secret} --tenant {cloud.tenant}")
    assert ordinary("group list")


@pytest.mark.parametrize("more", ["", "--use-cert-sn-issuer"])
def test_a_certificate(az, cloud, fresh_az, new_principal, tmp_path, more):
    program = new_principal("Reader", cloud.scope)
    both, certificate = pem_of_a_new_certificate(tmp_path)
    az(f"ad app credential reset --id {program.client_id} --cert @{certificate} --append")
    fresh = fresh_az()
    fresh(f"login --service-principal -u {program.client_id} --certificate {both} --tenant {cloud.tenant} {more}")
    assert fresh("group list")
    other = tmp_path / "other"
    other.mkdir()
    stranger, _ = pem_of_a_new_certificate(other)
    assert "AADSTS" in fresh_az().refused(
        f"login --service-principal -u {program.client_id} --certificate {stranger} --tenant {cloud.tenant} {more}")


def test_a_name_and_a_password(cloud, fresh_az, someone):
    az = fresh_az()
    assert [account["id"] for account in az(f"login -u {someone.name} -p {someone.password}")] == [cloud.subscription]
    assert signed_in_as(az) == someone.name
    assert az("ad signed-in-user show")["id"] == someone.object_id
    assert "AADSTS50126" in fresh_az().refused(f"login -u {someone.name} -p wrong")


def test_a_token_of_another_issuer(az, cloud, fresh_az, new_principal, write):
    """As a pipeline has it: no secret, but a token of where it runs."""
    program, subject = new_principal("Reader", cloud.scope), "repo:team/app:ref:refs/heads/main"
    document = {"name": "main", "issuer": cloud.issuer.issuer, "subject": subject, "audiences": ["api://AzureADTokenExchange"]}
    az(f"ad app federated-credential create --id {program.client_id} --parameters @{write(document)}")

    def words(subject: str) -> str:
        now = int(time.time())
        token = forge({"kid": cloud.issuer.kid}, {"iss": cloud.issuer.issuer, "sub": subject, "aud": "api://AzureADTokenExchange",
                                                  "iat": now, "nbf": now, "exp": now + 300}, cloud.issuer.key)
        return f"login --service-principal -u {program.client_id} --federated-token {token} --tenant {cloud.tenant}"

    fresh = fresh_az()
    fresh(words(subject))
    assert signed_in_as(fresh) == program.client_id and fresh("group list")
    assert "AADSTS700213" in fresh_az().refused(words("repo:team/other"))


def test_a_managed_identity(az, cloud, fresh_az, registry):
    """What the two variables say stays set for the commands that follow."""
    identity = az(f"identity create -g {cloud.group} -n {unique('identity')}")
    cloud.owner.arm.assign("Reader", identity["principalId"], cloud.scope)
    made = cloud.owner.arm.call("POST", f"{identity['id']}/createIdentityEndpoint", "2023-01-31", json={}).expect(200).json()
    place = {"IDENTITY_ENDPOINT": f"{cloud.url}/msi/token", "IDENTITY_HEADER": made["identityHeader"]}
    fresh = fresh_az()
    assert [account["id"] for account in fresh("login --identity", **place)] == [cloud.subscription]
    assert registry.name in [found["name"] for found in fresh("acr list", **place)]
    fresh_az().refused("login --identity", **place | {"IDENTITY_HEADER": "wrong"})


def by_device(az, person: Person, words: str) -> None:
    process = az.start(f"login --use-device-code {words}")
    told = ""
    for line in process.stdout:
        told += line
        if found := re.search(r"(https://\S+)\s.*\bcode (\S+)", told):
            break
    assert found, told
    person.follow(found[1], user_code=found[2])
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, told + rest


@pytest.mark.parametrize("words", ["", "--tenant {0}"])
def test_a_device_code(cloud, fresh_az, someone, words):
    az = fresh_az()
    by_device(az, Person(someone.name, someone.password, cloud.ca_file), words.format(cloud.tenant))
    assert signed_in_as(az) == someone.name
    assert az("group list")


def test_a_device_code_of_an_ordinary_authority(cloud, ordinary, someone):
    by_device(ordinary, Person(someone.name, someone.password, cloud.ca_file), "")
    assert signed_in_as(ordinary) == someone.name


def in_a_browser(az, someone) -> None:
    az("login", BROWSER=f"{sys.executable} {Path(__file__).parent / 'person.py'} {someone.name} {someone.password} %s &")
    assert signed_in_as(az) == someone.name
    assert az("acr list") is not None
    az("account get-access-token -o none")


def test_a_browser(cloud, fresh_az, someone):
    """As the cloud is registered: az opens the page and listens on the one port that it has for such authorities."""
    try:
        socket.create_server(("127.0.0.1", 8400)).close()
    except OSError:
        pytest.skip("port 8400, where az listens, is not free")
    in_a_browser(fresh_az(), someone)


def test_a_browser_with_an_ordinary_authority(cloud, ordinary, someone):
    """az listens on a port of its own."""
    in_a_browser(ordinary, someone)


def test_what_a_person_may_counts_for_docker_too(cloud, fresh_az, someone, registry):
    cloud.owner.arm.assign("AcrPush", someone.object_id, registry.id, "User")
    az = fresh_az()
    az(f"login -u {someone.name} -p {someone.password}")
    assert az(f"acr login -n {registry.name} --expose-token")["accessToken"]
    assert az(f"acr repository list -n {registry.name}") == []
