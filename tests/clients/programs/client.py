"""What the tests ask of each client."""

from contextlib import ExitStack

from images import Image
from sandbox import Place, Sandbox


class Client:
    """One program, logged in nowhere, at one place. Methods raise Failed when the program does."""

    # How the program is called in messages and on the command line.
    program: str
    # Whether its storage needs root.
    root = False
    # Whether it shows what the registry says when a push (a pull) is refused, or the bare status only.
    explains_push = True
    explains_pull = True
    # Whether it says that wrong credentials are the reason why it does not log in.
    explains_login = True

    def __init__(self, sandbox: Sandbox, place: Place, image: Image, daemons: "Daemons") -> None:
        self.sandbox = sandbox
        self.place = place
        self.image = image
        self.daemons = daemons
        self.prepare()

    def prepare(self) -> None:
        """Once, before the first call."""

    def login(self, user: str, password: str) -> None:
        raise NotImplementedError

    def push(self, name: str) -> object:
        """Pushes as `repository:tag`. What comes back says what was pushed and equals what `pull` says of it."""
        raise NotImplementedError

    def pull(self, name: str) -> object:
        """Pulls `repository:tag` to where nothing of it is, and says what came."""
        raise NotImplementedError

    def reference(self, name: str) -> str:
        return f"{self.place.host}/{name}"

    def close(self) -> None:
        """Ends what runs and removes what is kept outside the sandbox."""


class Daemons:
    """The daemons of a session, started when first needed."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.started: dict[type, object] = {}

    def get(self, kind: type) -> object:
        """The one of this kind; `kind` is called with the place and has a method `stop`."""
        if kind not in self.started:
            self.started[kind] = kind(self.place)
        return self.started[kind]

    def stop(self) -> None:
        """All of them, even if one cannot be stopped."""
        with ExitStack() as stack:
            for daemon in self.started.values():
                stack.callback(daemon.stop)
