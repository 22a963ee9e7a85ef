"""Tokens from outside: asking for them, reading them, and forging them (openssl signs)."""

import base64
import json
import subprocess
from pathlib import Path

from harness.http_client import Http, Response

ARM_SCOPE = "https://management.azure.com/.default"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"
REGISTRY_SCOPE = "https://containerregistry.azure.net/.default"


def ask(http: Http, tenant_id: str, client_id: str, secret: str, scope: str = ARM_SCOPE) -> Response:
    """POST to the directory's token endpoint; the answer as it came."""
    return http.post(f"/{tenant_id}/oauth2/v2.0/token", form={
        "grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": scope})


def client_credentials(http: Http, tenant_id: str, client_id: str, secret: str, scope: str = ARM_SCOPE) -> str:
    return ask(http, tenant_id, client_id, secret, scope).expect(200).json()["access_token"]


def encode_part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_part(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def decode(token: str) -> tuple[dict, dict]:
    """Header and claims; nothing is verified."""
    head, claims, _ = token.split(".")
    return json.loads(decode_part(head)), json.loads(decode_part(claims))


class Key:
    """A key of our own, which the server has never seen. kind: RS256, ES256 or HS256."""

    def __init__(self, kind: str, folder: Path):
        self.kind = kind
        self.file = Path(folder) / f"{kind}.pem"
        if kind == "RS256":
            self._openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(self.file))
        elif kind == "ES256":
            self._openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(self.file))

    @staticmethod
    def _openssl(*arguments: str, data: bytes = b"") -> bytes:
        return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout

    def sign(self, data: bytes) -> bytes:
        signature = self._openssl("dgst", "-sha256", "-sign", str(self.file), data=data)
        return _joined(signature) if self.kind == "ES256" else signature

    def public_jwk(self) -> dict:
        text = self._openssl("pkey", "-in", str(self.file), "-pubout", "-outform", "DER")
        if self.kind == "ES256":
            point = text[-64:]
            return {"kty": "EC", "crv": "P-256", "x": encode_part(point[:32]), "y": encode_part(point[32:])}
        modulus = self._openssl("rsa", "-in", str(self.file), "-noout", "-modulus").decode().strip().partition("=")[2]
        return {"kty": "RSA", "n": encode_part(bytes.fromhex(modulus)), "e": "AQAB"}


def _joined(der: bytes) -> bytes:
    """An ECDSA signature as JWS wants it: r and s, 32 bytes each (RFC 7518 section 3.4)."""
    position = 2 if der[1] < 0x80 else 3
    numbers = []
    for _ in range(2):
        length = der[position + 1]
        numbers.append(int.from_bytes(der[position + 2:position + 2 + length], "big").to_bytes(32, "big"))
        position += 2 + length
    return b"".join(numbers)


def assemble(header: dict, claims: dict, sign=lambda data: b"") -> str:
    """A token of any shape; `sign` takes the bytes to sign and gives the signature."""
    data = encode_part(json.dumps(header).encode()) + "." + encode_part(json.dumps(claims).encode())
    return data + "." + encode_part(sign(data.encode()))


def forge(header: dict, claims: dict, key: Key) -> str:
    """A token with a right signature by a wrong key."""
    return assemble({**header, "alg": key.kind}, claims, key.sign)
