"""Runs a command and measures it: wall time, processor time, peak memory."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]

Promise = tuple[bool, str]
"""Whether it is kept, and what it is."""


@dataclass
class Variant:
    """One way to run, with the exit code that it has to have; its measurements."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    code: int = 0
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    @property
    def time(self) -> float:
        return statistics.median(self.seconds)

    @property
    def cpu_time(self) -> float:
        return statistics.median(self.cpu_seconds)

    @property
    def memory(self) -> float:
        return statistics.median(self.megabytes)

    def times(self, other: "Variant") -> float:
        """How many times as long as another variant, by the median of the rounds."""
        return statistics.median(mine / its for mine, its in zip(self.seconds, other.seconds, strict=True))

    def run(self, watch: Callable[[subprocess.Popen[bytes]], None] | None = None) -> dict[str, bytes]:
        """Run once, record the time (or let ``watch`` look on), and return what was written."""
        with tempfile.TemporaryDirectory() as outdir, tempfile.TemporaryFile() as said:
            environment = {**os.environ, **self.environment, "CDKTF_OUTDIR": f"{outdir}/generated"}
            environment.pop("PYTHONDONTWRITEBYTECODE", None)
            command = [part.replace("{outdir}", outdir) for part in self.command]
            start, cpu = time.perf_counter(), _cpu_time()
            with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said) as process:
                if watch:
                    watch(process)
                code = process.wait()
            if not watch:
                self.seconds.append(time.perf_counter() - start)
                self.cpu_seconds.append(_cpu_time() - cpu)
            if code != self.code:
                said.seek(0)
                sys.exit(f"{self.name}: {self.command} ended with {code}\n{said.read().decode()}")
            files = (file for file in Path(outdir).rglob("*") if file.is_file())
            return {str(file.relative_to(outdir)): file.read_bytes() for file in files}

    def weigh(self) -> None:
        """Run once and record the peak memory of the process tree."""
        peak = 0

        def watch(process: subprocess.Popen[bytes]) -> None:
            nonlocal peak
            while process.poll() is None:
                peak = max(peak, _tree_memory(process.pid))
                time.sleep(0.01)

        self.run(watch)
        self.megabytes.append(peak / 1e6)


def _cpu_time() -> float:
    """Add up the processor time of all processes that have run and ended below this one."""
    times = os.times()
    return times.children_user + times.children_system


def _tree_memory(pid: int) -> int:
    """Add up the PSS (the USS where there is no PSS) of a process and all below it, in bytes."""
    total = 0
    try:
        top = psutil.Process(pid)
        processes = [top, *top.children(recursive=True)]
    except psutil.Error:
        return 0
    for process in processes:
        try:
            memory = process.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(memory, "pss", memory.uss)
    return total
