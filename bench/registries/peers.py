"""Where the other registries come from."""

import os
import shutil
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PEERS = CHECKOUT / "build" / "peers"
DISTRIBUTION = "v3.1.1"
OLAREG = "v0.2.2"


def _go(name: str, version: str, get) -> Path | None:
    """The program that `get` builds, unless this version of it is there."""
    program, mark = PEERS / name, PEERS / f"{name}.version"
    if program.exists() and mark.exists() and mark.read_text() == version:
        return program
    if shutil.which("go") is None:
        print(f"no {name}: Go is not installed")
        return None
    print(f"building {name} {version}", flush=True)
    PEERS.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    try:
        get(program)
    except subprocess.CalledProcessError as error:
        print(f"no {name}: building it failed: {(error.stderr or b'')[-400:].decode(errors='replace')}")
        return None
    mark.write_text(version)
    return program


def _run(*command: str, **options) -> str:
    return subprocess.run(command, check=True, capture_output=True, **options).stdout.decode().strip()


def _distribution(program: Path) -> None:
    place = PEERS / "go"
    _run("go", "install", f"github.com/distribution/distribution/v3/cmd/registry@{DISTRIBUTION}",
         env={**os.environ, "GOBIN": str(place)})
    (place / "registry").replace(program)


def _olareg(program: Path) -> None:
    module = f"github.com/olareg/olareg@{OLAREG}"
    _run("go", "mod", "download", module)  # `go install` finds no list of its versions
    folder = Path(_run("go", "env", "GOMODCACHE")) / module
    _run("go", "build", "-buildvcs=false", "-o", str(program), "./cmd/olareg", cwd=folder)


def distribution() -> Path | None:
    return _go("distribution", DISTRIBUTION, _distribution)


def olareg() -> Path | None:
    return _go("olareg", OLAREG, _olareg)


def _installed(name: str, package: str) -> Path | None:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        print(f"no {name}: it is in Debian's package {package}")
    return Path(found) if found else None


def docker_registry() -> Path | None:
    return _installed("docker-registry", "docker-registry")


def nginx() -> Path | None:
    return _installed("nginx", "nginx-light")


def zot() -> Path | None:
    named = os.environ.get("BERTH_BENCH_ZOT")
    if not named:
        print("no zot: set BERTH_BENCH_ZOT to the program where you have one")
        return None
    return Path(named)
