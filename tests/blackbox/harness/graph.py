"""Microsoft Graph's routes for applications, service principals and groups, as one identity."""

from harness.bootstrap import Bootstrap
from harness.http_client import Http, Response
from harness.tokens import GRAPH_SCOPE, client_credentials


class Graph:
    def __init__(self, http: Http, bootstrap: Bootstrap, client_id: str, secret: str):
        self.http = http
        self.bootstrap = bootstrap
        self.client_id = client_id
        self.secret = secret
        self._token: str | None = None

    @property
    def token(self) -> str:
        if self._token is None:
            self._token = client_credentials(self.http, self.bootstrap.tenant_id, self.client_id, self.secret, GRAPH_SCOPE)
        return self._token

    def call(self, method: str, path: str, **more) -> Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.http.request(method, f"/v1.0{path}", headers=headers, **more)

    def create_application(self, display_name: str) -> dict:
        return self.call("POST", "/applications", json={"displayName": display_name}).expect(201).json()

    def create_service_principal(self, app_id: str) -> dict:
        return self.call("POST", "/servicePrincipals", json={"appId": app_id}).expect(201).json()

    def add_password(self, application_id: str, display_name: str = "test") -> dict:
        """The answer holds `secretText` and `keyId`."""
        return self.call("POST", f"/applications/{application_id}/addPassword",
                         json={"passwordCredential": {"displayName": display_name}}).expect(200).json()

    def remove_password(self, application_id: str, key_id: str) -> None:
        self.call("POST", f"/applications/{application_id}/removePassword", json={"keyId": key_id}).expect(204)

    def create_group(self, display_name: str) -> dict:
        return self.call("POST", "/groups", json={
            "displayName": display_name, "mailEnabled": False, "mailNickname": display_name.replace(" ", ""),
            "securityEnabled": True}).expect(201).json()

    @staticmethod
    def reference(object_id: str) -> dict:
        return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{object_id}"}

    def add_member(self, group_id: str, object_id: str) -> None:
        self.call("POST", f"/groups/{group_id}/members/$ref", json=self.reference(object_id)).expect(204)

    def remove_member(self, group_id: str, object_id: str) -> None:
        self.call("DELETE", f"/groups/{group_id}/members/{object_id}/$ref").expect(204)
