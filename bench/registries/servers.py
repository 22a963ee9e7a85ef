"""The servers that are measured: each in a temporary folder, on free ports of loopback, its log switched off."""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.parse
from pathlib import Path

START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`name` as the table shows it. Folders and processes end with `stop`."""

    name = "server"
    registry = True  # speaks the OCI distribution API

    def __init__(self, program: Path, folder: Path):
        self.program = program
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def prepare(self) -> None:
        """Writes what the command reads."""

    def authorization(self, repository: str, actions: str) -> str:
        """The Authorization field for this; empty: none is asked for."""
        return ""

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> float:
        """Starts it; gives the seconds until it answered."""
        self.prepare()
        started = time.monotonic()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                            env={k: v for k, v in os.environ.items() if not k.startswith("BERTH_")}
                                            | {"OTEL_TRACES_EXPORTER": "none", "BERTH_SCRUB_BYTES_PER_SECOND": "0"})
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - started > START_SECONDS:
                log = (self.folder / "log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self.name} did not start:\n{log}")
            time.sleep(0.001)
        return time.monotonic() - started

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def request(self, method: str, path: str, body: bytes = b"", headers: dict | None = None,
                authorization: str = "") -> tuple[int, bytes, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        fields = dict(headers or {})
        if authorization:
            fields["Authorization"] = authorization
        connection.request(method, path, body=body or None, headers=fields)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content, {key.lower(): value for key, value in answer.getheaders()}


class Berth(Server):
    name = "berth"

    def __init__(self, program: Path, folder: Path, name: str = "berth", flags: tuple[str, ...] = ("--log-level", "warning")):
        super().__init__(program, folder)
        self.name = name
        self.https_port = free_port()
        self.flags = flags
        self.user = self.secret = ""

    def command(self) -> list[str]:
        return [str(self.program), "serve", "--data", str(self.data), "--http", f"127.0.0.1:{self.port}",
                "--https", f"127.0.0.1:{self.https_port}", *self.flags]

    def start(self) -> float:
        took = super().start()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                self.bootstrap = json.loads((self.data / "bootstrap.json").read_text())
                if self.request("GET", "/berth/v1/ready")[0] == 200:
                    break
            except (OSError, ValueError):
                time.sleep(0.002)
        owner = self.bootstrap["owner"]
        self.user, self.secret = owner["clientId"], owner["clientSecret"]
        return took

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()

    def token_path(self, scope: str) -> str:
        return "/oauth2/token?" + urllib.parse.urlencode({"service": self.bootstrap["loginServer"], "scope": scope})

    def authorization(self, repository: str, actions: str) -> str:
        scope = "registry:catalog:*" if repository == "" else f"repository:{repository}:{actions}"
        status, body, _ = self.request("GET", self.token_path(scope), authorization=self.basic)
        if status != 200:
            raise RuntimeError(f"berth gave no token: {status} {body[:300]!r}")
        return "Bearer " + json.loads(body)["access_token"]

    def arm_token(self) -> str:
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": self.user, "client_secret": self.secret,
                                       "scope": "https://management.azure.com/.default"})
        status, body, _ = self.request("POST", f"/{self.bootstrap['tenantId']}/oauth2/v2.0/token", form.encode(),
                                       {"Content-Type": "application/x-www-form-urlencoded"})
        if status != 200:
            raise RuntimeError(f"berth gave no token for ARM: {status} {body[:300]!r}")
        return "Bearer " + json.loads(body)["access_token"]


class Distribution(Server):
    """CNCF distribution 3 and what came before it, docker-registry 2: one kind of configuration."""

    def __init__(self, program: Path, folder: Path, name: str):
        super().__init__(program, folder)
        self.name = name

    def prepare(self) -> None:
        (self.folder / "config.yml").write_text(
            "version: 0.1\n"
            "log: {level: error, accesslog: {disabled: true}}\n"
            f"storage: {{filesystem: {{rootdirectory: '{self.data}'}}, delete: {{enabled: true}}}}\n"
            f"http: {{addr: '127.0.0.1:{self.port}'}}\n")

    def command(self) -> list[str]:
        return [str(self.program), "serve", str(self.folder / "config.yml")]


class Olareg(Server):
    name = "olareg"

    def command(self) -> list[str]:
        return [str(self.program), "serve", "--addr", "127.0.0.1", "--port", str(self.port), "--dir", str(self.data),
                "--verbosity", "error"]


class Zot(Server):
    name = "zot"

    def prepare(self) -> None:
        (self.folder / "config.json").write_text(json.dumps({
            "storage": {"rootDirectory": str(self.data)}, "log": {"level": "error"},
            "http": {"address": "127.0.0.1", "port": str(self.port)}}))

    def command(self) -> list[str]:
        return [str(self.program), "serve", str(self.folder / "config.json")]


class Nginx(Server):
    """The limit for sending files: what lies in `data`, plain and with TLS."""

    name = "nginx"
    registry = False

    def __init__(self, program: Path, folder: Path):
        super().__init__(program, folder)
        self.https_port = free_port()
        self.data.mkdir(exist_ok=True)

    def prepare(self) -> None:
        # A key of the kind that berth makes for itself.
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-subj", "/CN=localhost", "-keyout", str(self.folder / "key.pem"), "-out",
                        str(self.folder / "certificate.pem")], check=True, capture_output=True)
        (self.folder / "nginx.conf").write_text(f"""
            daemon off; worker_processes {os.cpu_count()}; pid {self.folder}/pid; error_log {self.folder}/errors;
            {"user root;" if os.getuid() == 0 else ""}
            events {{ worker_connections 2000; }}
            http {{
              sendfile on; tcp_nopush on; access_log off; keepalive_requests 1000000000;
              client_body_temp_path {self.folder}; proxy_temp_path {self.folder}; fastcgi_temp_path {self.folder};
              uwsgi_temp_path {self.folder}; scgi_temp_path {self.folder};
              server {{
                listen 127.0.0.1:{self.port}; listen 127.0.0.1:{self.https_port} ssl;
                ssl_certificate {self.folder}/certificate.pem; ssl_certificate_key {self.folder}/key.pem;
                root {self.data};
              }}
            }}""")

    def command(self) -> list[str]:
        return [str(self.program), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"),
                "-e", str(self.folder / "errors")]


class BareBeast(Server):
    """`bench/bare`: answers every request with the fields and bytes that berth gave for a manifest."""

    name = "bare Beast"
    registry = False

    def answer_as(self, headers: dict, body: bytes) -> None:
        named = {key: value for key, value in headers.items() if key not in ("content-length", "connection")}
        (self.folder / "head").write_text("".join(f"{key}: {value}\n" for key, value in named.items()))
        (self.folder / "body").write_bytes(body)

    def command(self) -> list[str]:
        return [str(self.program), str(self.port), str(self.folder / "head"), str(self.folder / "body")]
