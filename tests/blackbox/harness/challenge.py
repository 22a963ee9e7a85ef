"""A WWW-Authenticate header, taken apart."""

import re
from dataclasses import dataclass

PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Challenge:
    scheme: str
    parameters: dict[str, str]

    @property
    def realm(self) -> str:
        return self.parameters["realm"]

    @property
    def service(self) -> str:
        return self.parameters["service"]

    @property
    def scope(self) -> str | None:
        return self.parameters.get("scope")

    @property
    def error(self) -> str | None:
        return self.parameters.get("error")


def parse(header: str) -> Challenge:
    scheme, _, rest = header.partition(" ")
    return Challenge(scheme, dict(PARAMETER.findall(rest)))
