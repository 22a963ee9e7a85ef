"""How long the machine stood still: what a host takes from a virtual machine without saying so (`steal` in /proc/stat counts
only a part of it, in hundredths of a second)."""

import os
import subprocess
import sys

# On one processor, before everybody else: sleeps a millisecond, over and over, and says when it was woken late. No thread of a
# program can be on time when this one is not.
SLEEPER = """
import gc, sys, time
gc.disable()
while True:
    due = time.monotonic() + 0.001
    time.sleep(0.001)
    late = time.monotonic() - due
    if late > 0.0005:
        sys.stdout.write(f"{late:.6f}\\n")
        sys.stdout.flush()
"""


class Pauses:
    """Needs root, to go before others; without it, it sees none. A context."""

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
        """Seconds, of those that ended since the last call."""
        out = 0.0
        for sleeper in self.sleepers:
            assert sleeper.poll() is None, "the one that looks for pauses has ended"
            text = sleeper.stdout.read() or b""
            out = max([out, *map(float, text.split())])
        return out
