"""How long the machine stood still: what a host takes from a virtual machine without saying so (`steal` in /proc/stat counts
only a part of it, in hundredths of a second)."""

import os
import subprocess
import sys
from typing import Iterator

# On one processor, before everybody else: sleeps a millisecond, over and over, and says from when to when it was late.
SLEEPER = """
import gc, sys, time
gc.disable()
while True:
    due = time.monotonic() + 0.001
    time.sleep(0.001)
    now = time.monotonic()
    if now - due > 0.0003:
        sys.stdout.write(f"{due:.6f} {now:.6f}\\n")
        sys.stdout.flush()
"""


class Pauses:
    """Needs root, to go before others; without it, it sees none. A context.

    One processor alone may have been at work in the system, for the very program that is watched. That this happens on all of
    them at once for milliseconds is no program's doing."""

    def __enter__(self):
        self.sleepers = []
        if os.geteuid() == 0:
            for processor in sorted(os.sched_getaffinity(0)):
                sleeper = subprocess.Popen(["chrt", "--rr", "2", "taskset", "-c", str(processor), sys.executable, "-S", "-c", SLEEPER],
                                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
                os.set_blocking(sleeper.stdout.fileno(), False)
                self.sleepers.append(sleeper)
        return self

    def __exit__(self, *_):
        for sleeper in self.sleepers:
            sleeper.kill()
            sleeper.wait()
            sleeper.stdout.close()

    def longest(self) -> float:
        """Seconds for which all processors stood still together, at most; of those that ended since the last call."""
        common: list[tuple[float, float]] | None = None
        for sleeper in self.sleepers:
            assert sleeper.poll() is None, "the one that looks for pauses has ended"
            lines = (sleeper.stdout.read() or b"").decode().splitlines()
            late = [(float(begin), float(end)) for begin, end in map(str.split, lines)]
            common = late if common is None else list(_both(common, late))
        return max((end - begin for begin, end in common or []), default=0.0)


def _both(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """What lies in spans of both."""
    for begin, end in one:
        for other_begin, other_end in other:
            if max(begin, other_begin) < min(end, other_end):
                yield max(begin, other_begin), min(end, other_end)
