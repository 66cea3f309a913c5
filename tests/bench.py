"""What a synth costs: lean, ordinary, and the bare floor that CDKTF itself sets (``make bench``).

The program is the whole example, ``python main.py``, and the same without its ``google`` section; the ordinary
variant is the whole example with ROLEBRIDGE_LEAN=0; the floor is CDKTF alone with one empty stack. The variants take
turns within each round, so that a machine that is busy for a while is busy for all of them, and the ratios are medians
of each round's own. Where processor time tells another story than wall time, the machine was busy with something else.
Python keeps its bytecode, as it does unless somebody forbids it.

Time and memory are measured in runs of their own, because looking at memory costs time. Memory is the sum of
the proportional set sizes (PSS) of the whole process tree, Python and both of jsii's Node processes, sampled
some 50 times a second: memory that processes share is counted once. A peak shorter than a sample is missed.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
FLOOR = "from cdktf import App, TerraformStack; app = App(); TerraformStack(app, 'empty'); app.synth()"

MESHSTACK = (
    "import sys; from pathlib import Path; from rolebridge.synth import main; sys.exit(main(*map(Path, sys.argv[1:])))"
)

#: The reach: what `make bench` holds. Times the floor, and megabytes.
MESHSTACK_REACH = (1.8, 250)
BOTH_REACH = (2.0, 300)
AT_LEAST_TIMES_FASTER_THAN_ORDINARY = 12


@dataclass
class Variant:
    """One way to run; its measurements."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
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
            if code:
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


def main() -> None:
    """Measure, print, and exit with 1 if the reach is not kept."""
    parser = argparse.ArgumentParser(description="wall time and memory of a synth")
    parser.add_argument("--rounds", type=int, default=5, help="how often each variant runs (default: 5)")
    parser.add_argument("--program", default="main.py", help="the program under test (default: main.py)")
    parser.add_argument("--no-cold", action="store_true", help="leave out the first run on a machine")
    arguments = parser.parse_args()

    console = Console()
    program = [sys.executable, arguments.program]
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "rolebridge.yaml")
        chosen = yaml.load((ROOT / "rolebridge.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        settings.write_text(_without_google(chosen), encoding="utf-8")
        meshstack = [sys.executable, "-c", MESHSTACK, str(settings), "{outdir}/generated"]
        sys.exit(_bench(console, arguments, program, meshstack))


def _without_google(chosen: dict[str, Any]) -> str:
    """The example's settings, everything in quotes but the switches, without the Google guide."""
    del chosen["google"]
    return re.sub(r'"(true|false)"', r"\1", json.dumps(chosen))


def _bench(console: Console, arguments: argparse.Namespace, program: list[str], without_google: list[str]) -> int:
    floor = Variant("floor", [sys.executable, "-c", FLOOR])
    meshstack = Variant("lean, meshStack alone", without_google)
    lean = Variant("lean, the whole example", program, {"ROLEBRIDGE_LEAN": "1"})
    ordinary = Variant("ordinary, the whole example", program, {"ROLEBRIDGE_LEAN": "0"})
    variants = (floor, meshstack, lean, ordinary)

    subprocess.run([sys.executable, "-m", "rolebridge.engine"], cwd=ROOT, check=True)
    same = lean.run() == ordinary.run()
    floor.run()
    meshstack.run()
    for variant in variants:
        variant.seconds.clear()  # that was the warm-up
        variant.cpu_seconds.clear()
    for number in range(arguments.rounds):
        console.print(f"round {number + 1} of {arguments.rounds}", style="dim")
        for variant in variants:
            variant.run()
    for _ in range(min(arguments.rounds, 2)):
        for variant in variants:
            variant.weigh()

    table = Table(title=f"{arguments.program}, medians of {arguments.rounds} rounds, and times the floor")
    for column in ("variant", "wall time", "fastest", "slowest", "times", "CPU time", "times", "peak PSS", "times"):
        table.add_column(column, justify="left" if column == "variant" else "right")
    for variant in variants:
        table.add_row(
            variant.name,
            f"{variant.time:.2f} s",
            f"{min(variant.seconds):.2f} s",
            f"{max(variant.seconds):.2f} s",
            f"{variant.times(floor):.2f}",
            f"{variant.cpu_time:.2f} s",
            f"{variant.cpu_time / floor.cpu_time:.2f}",
            f"{variant.memory:.0f} MB",
            f"{variant.memory / floor.memory:.2f}",
        )
    console.print(table)
    console.print(
        f"lean against ordinary: {ordinary.times(lean):.1f} times faster, "
        f"{ordinary.memory / lean.memory:.1f} times less memory"
    )
    if not arguments.no_cold:
        console.print(_first_runs(program))

    kept = True
    for holds, words in (
        (same, "lean and ordinary write the same bytes"),
        *_reach(meshstack, floor, MESHSTACK_REACH),
        *_reach(lean, floor, BOTH_REACH),
        (
            ordinary.times(lean) >= AT_LEAST_TIMES_FASTER_THAN_ORDINARY,
            f"lean: at least {AT_LEAST_TIMES_FASTER_THAN_ORDINARY} times faster than ordinary",
        ),
    ):
        kept &= holds
        console.print("[green]kept    [/]" if holds else "[red]NOT kept[/]", words)
    return not kept


def _reach(variant: Variant, floor: Variant, reach: tuple[float, int]) -> Iterator[tuple[bool, str]]:
    times, megabytes = reach
    yield variant.times(floor) <= times, f"{variant.name}: at most {times} times the floor"
    yield variant.memory <= megabytes, f"{variant.name}: at most {megabytes} MB"


def _first_runs(program: list[str]) -> Table:
    """Run on what jsii takes for a new machine: an empty package cache, hence no runtime index."""
    table = Table(title="The first runs on a machine, once each")
    table.add_column("run")
    table.add_column("wall time", justify="right")
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        here = {"JSII_RUNTIME_PACKAGE_CACHE_ROOT": first}
        there = {"JSII_RUNTIME_PACKAGE_CACHE_ROOT": second, "ROLEBRIDGE_LEAN": "0"}
        for variant in (
            Variant("ordinary, cold", program, there),
            Variant("lean, cold: jsii unpacks its packages", program, here),
            Variant("lean, unpacked, without the index", program, here),
            Variant("the index: python -m rolebridge.engine", [sys.executable, "-m", "rolebridge.engine"], here),
            Variant("lean, with the index: what make synth runs", program, here),
        ):
            variant.run()
            table.add_row(variant.name, f"{variant.time:.2f} s")
    return table


if __name__ == "__main__":
    main()
