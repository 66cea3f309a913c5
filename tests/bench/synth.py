"""What a synth costs: lean, ordinary, and the bare floor that CDKTF itself sets.

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
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table
from tests.bench.measuring import ROOT, Promise, Variant

FLOOR = "from cdktf import App, TerraformStack; app = App(); TerraformStack(app, 'empty'); app.synth()"

MESHSTACK = (
    "import sys; from pathlib import Path; from rolebridge.synth import main; sys.exit(main(*map(Path, sys.argv[1:])))"
)

#: The reach: what `make bench` holds. Times the floor, and megabytes.
MESHSTACK_REACH = (1.8, 250)
BOTH_REACH = (2.0, 300)
AT_LEAST_TIMES_FASTER_THAN_ORDINARY = 12


def bench(console: Console, arguments: argparse.Namespace) -> Iterator[Promise]:
    """Measure, print, and return what is promised and whether it is kept."""
    program = [sys.executable, arguments.program]
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "rolebridge.yaml")
        chosen = yaml.load((ROOT / "rolebridge.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        settings.write_text(_without_google(chosen), encoding="utf-8")
        meshstack = [sys.executable, "-c", MESHSTACK, str(settings), "{outdir}/generated"]
        yield from _bench(console, arguments, program, meshstack)


def _without_google(chosen: dict[str, Any]) -> str:
    """The example's settings, everything in quotes but the switches, without the Google guide."""
    del chosen["google"]
    return re.sub(r'"(true|false)"', r"\1", json.dumps(chosen))


def _bench(
    console: Console, arguments: argparse.Namespace, program: list[str], without_google: list[str]
) -> Iterator[Promise]:
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

    yield same, "lean and ordinary write the same bytes"
    yield from _reach(meshstack, floor, MESHSTACK_REACH)
    yield from _reach(lean, floor, BOTH_REACH)
    times = AT_LEAST_TIMES_FASTER_THAN_ORDINARY
    yield ordinary.times(lean) >= times, f"lean: at least {times} times faster than ordinary"


def _reach(variant: Variant, floor: Variant, reach: tuple[float, int]) -> Iterator[Promise]:
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
