"""What a server's processes use, as the system tells."""

import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

SYNCS = ("fsync", "fdatasync", "sync_file_range", "syncfs", "msync", "sync")


def family(pid: int) -> list[int]:
    """The process and all that it started."""
    out = [pid]
    for process in out:
        for task in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                out += [int(child) for child in task.read_text().split() if int(child) not in out]
            except OSError:
                continue  # it ended
    return out


def cpu_seconds(pid: int) -> float:
    """Processor time of the process and its children so far, user and system, all threads that ever were."""
    seconds = 0.0
    for process in family(pid):
        try:
            seconds += time.clock_gettime(~process << 3 | 2)  # the clock of a process: clock_getcpuclockid(3)
        except OSError:
            continue  # it ended
    return seconds


def memory_mib(pid: int, field: str = "VmRSS") -> float:
    """Memory of the process and its children; `VmHWM` is the most there ever was."""
    kib = 0
    for process in family(pid):
        found = re.search(rf"^{field}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
        kib += int(found.group(1)) if found else 0
    return kib / 1024


def forget_peak(pid: int) -> None:
    """Lets `VmHWM` begin anew."""
    for process in family(pid):
        try:
            Path(f"/proc/{process}/clear_refs").write_text("5")
        except OSError:
            pass


class SyncCounter:
    """Counts calls that sync, with strace: the traced server is slow, so nothing else is measured meanwhile."""

    def __init__(self, pid: int, folder: Path):
        self.file = folder / "syncs.txt"
        self.count: int | None = None
        self._process = None
        if shutil.which("strace") is None:
            return
        self.file.unlink(missing_ok=True)
        command = ["strace", "-f", "-qq", "-o", str(self.file), "-e", "trace=" + ",".join(SYNCS)]
        for process in family(pid):
            command += ["-p", str(process)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self.file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)  # it attaches thread by thread

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=10)
        calls = re.findall(rf"^\d+ +(?:{'|'.join(SYNCS)})\(", self.file.read_text(), re.MULTILINE)
        self.count = len(calls)
