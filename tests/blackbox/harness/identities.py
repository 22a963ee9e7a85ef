"""Service principals to act as."""

from dataclasses import dataclass, field

from harness.arm import Arm
from harness.bootstrap import Bootstrap
from harness.graph import Graph
from harness.http_client import Http
from harness.tokens import ARM_SCOPE, client_credentials


@dataclass
class Principal:
    """A service principal with one secret."""

    http: Http
    bootstrap: Bootstrap
    client_id: str
    object_id: str
    secret: str
    display_name: str
    application_id: str = ""
    arm: Arm = field(init=False)
    graph: Graph = field(init=False)

    def __post_init__(self) -> None:
        self.arm = Arm(self.http, self.bootstrap, self.client_id, self.secret)
        self.graph = Graph(self.http, self.bootstrap, self.client_id, self.secret)

    @property
    def credentials(self) -> tuple[str, str]:
        return self.client_id, self.secret

    def entra_token(self, scope: str = ARM_SCOPE) -> str:
        return client_credentials(self.http, self.bootstrap.tenant_id, self.client_id, self.secret, scope)


def bootstrap_owner(http: Http, bootstrap: Bootstrap) -> Principal:
    return Principal(http, bootstrap, bootstrap.owner_client_id, bootstrap.owner_object_id, bootstrap.owner_secret, "")


def new_principal(graph: Graph, display_name: str) -> Principal:
    """Application, service principal and secret, as `az ad sp create-for-rbac` makes them."""
    application = graph.create_application(display_name)
    service_principal = graph.create_service_principal(application["appId"])
    secret = graph.add_password(application["id"])["secretText"]
    return Principal(graph.http, graph.bootstrap, application["appId"], service_principal["id"], secret, display_name,
                     application["id"])
