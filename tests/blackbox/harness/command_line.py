"""The program's own commands, run as a person would: with a home folder of their own."""

import json
import os
import pty
import subprocess
import time
from pathlib import Path

from harness.server import binary, environment


class CommandLine:
    """command(*arguments) runs `berth` and checks its exit code; the sign-in lies in `folder`."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        return {**environment(), "HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / ".config")}

    def __call__(self, *arguments: str, text: str = "", code: int | None = 0,
                 variables: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        ended = subprocess.run([str(binary()), *arguments], input=text, capture_output=True, text=True, timeout=60,
                               env={**self.environment, **(variables or {})}, cwd=self.folder)
        if code is not None:
            assert ended.returncode == code, f"berth {' '.join(arguments)}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return ended

    def json(self, *arguments: str, **more):
        """What it prints with --output json."""
        return json.loads(self(*arguments, "--output", "json", **more).stdout)

    def refused(self, *arguments: str, code: int = 1, **more) -> str:
        """Standard error of a command that has to fail; standard output is empty then."""
        ended = self(*arguments, code=code, **more)
        assert ended.stdout == "", ended.stdout
        assert ended.stderr.startswith("berth: "), ended.stderr
        return ended.stderr

    def at_terminal(self, answer: str, *arguments: str) -> tuple[int, str]:
        """Runs it at a terminal where somebody types `answer`; the exit code and all that the terminal showed."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([str(binary()), *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=self.environment,
                                   cwd=self.folder, start_new_session=True)
        os.close(theirs)
        shown = b""
        typed = False
        deadline = time.monotonic() + 60
        try:
            while time.monotonic() < deadline:
                try:
                    read = os.read(ours, 4096)
                except OSError:  # the other side is closed
                    break
                if not read:
                    break
                shown += read
                if not typed and (b"[y/N] " in shown or b"Secret: " in shown):
                    typed = True
                    time.sleep(0.05)  # the terminal is told to be quiet after the prompt was written
                    os.write(ours, answer.encode() + b"\n")
            return process.wait(timeout=10), shown.decode()
        finally:
            process.kill()
            process.wait()
            os.close(ours)
