"""How clients tell that they were not let in."""

REGISTRIES = "Microsoft.ContainerRegistry/registries"
PULL = f"{REGISTRIES}/pull/read"
PUSH = f"{REGISTRIES}/push/write"
DELETE = f"{REGISTRIES}/artifacts/delete"


def refused(output: str) -> bool:
    """Whether a client says it in its own words, when it hides those of the registry."""
    return any(words in output.lower() for words in
               ("401", "unauthorized", "authorization failed", "authentication required", "invalid username/password"))
