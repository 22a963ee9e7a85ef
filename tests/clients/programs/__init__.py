"""The clients, one module each, behind one interface (client.Client) so that the same tests run with all of them."""

from programs.buildah import Buildah
from programs.client import Client
from programs.containerd import Containerd
from programs.crane import Crane
from programs.docker import Docker
from programs.helm import Helm
from programs.oras import Oras
from programs.podman import Podman
from programs.regctl import Regctl
from programs.skopeo import Skopeo

CLIENTS: tuple[type[Client], ...] = (Skopeo, Podman, Buildah, Containerd, Docker, Crane, Oras, Helm, Regctl)
