"""What a proof costs: our example, and 250, 500 and 1,000 environments in the shape of ``generated/``.

Each number of environments is proved as text and as JSON, and compared with itself and with the same environments
after each has lost a guard and an audience. A proof is linear if four times the environments cost four times the time.
What counts is the fastest round: whatever else the machine does can only add to it.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.bench.measuring import Promise, Variant
from tests.proof.many_environments import write

ENVIRONMENTS = (250, 500, 1000)
ROUNDS = 2

#: The reach: seconds and megabytes; and how many times as long 1,000 environments may take as 250.
EXAMPLE_REACH = 1.0
MANY_REACH = (10.0, 300)
LINEAR = 4.6

PROVE = "import sys; from rolebridge.cli import main; main()"
WORSE = 4
"""The exit code where something is found, or worse than before: in these environments nobody has accepted anything."""


def bench(console: Console, arguments: argparse.Namespace) -> Iterator[Promise]:
    """Measure, print, and return what is promised and whether it is kept."""
    with tempfile.TemporaryDirectory() as folder:
        example = [
            _prove("the example", "generated"),
            _prove("the example, --compare", "generated", "--compare", "generated"),
        ]
        places = {number: Path(folder, str(number)) for number in ENVIRONMENTS}
        many = {number: _ways(place, number) for number, place in places.items()}
        variants = [*example, *(variant for ways in many.values() for variant in ways)]
        for number in range(ROUNDS):
            console.print(f"prove, round {number + 1} of {ROUNDS}", style="dim")
            for variant in variants:
                variant.run()
        for variant in variants:
            variant.weigh()
    console.print(_table(variants))
    for variant in example:
        yield min(variant.seconds) < EXAMPLE_REACH, f"prove, {variant.name}: under {EXAMPLE_REACH:.0f} s"
    for few, lots in zip(many[ENVIRONMENTS[0]], many[ENVIRONMENTS[-1]], strict=True):
        seconds, megabytes = MANY_REACH
        yield min(lots.seconds) < seconds, f"prove, {lots.name}: under {seconds:.0f} s"
        yield lots.memory < megabytes, f"prove, {lots.name}: under {megabytes} MB"
        ratio = min(lots.seconds) / min(few.seconds)
        yield ratio <= LINEAR, f"prove, {lots.name}: {ratio:.2f} times {ENVIRONMENTS[0]}, at most {LINEAR} (linear)"


def _ways(folder: Path, number: int) -> list[Variant]:
    weaker = folder.with_name(f"{number}-weaker")
    write(folder, number)
    write(weaker, number)
    _weaken(weaker)
    name, place = f"{number:,} environments", str(folder)
    return [
        _prove(f"{name}, text", place, code=WORSE),
        _prove(f"{name}, JSON", place, "--format", "json", code=WORSE),
        _prove(f"{name}, --compare with the same", place, "--compare", place),
        _prove(f"{name}, --compare, each of them weaker", str(weaker), "--compare", place, code=WORSE),
    ]


def _prove(name: str, *arguments: str, code: int = 0) -> Variant:
    return Variant(name, [sys.executable, "-c", PROVE, "prove", *arguments], code=code)


def _weaken(folder: Path) -> None:
    """Take a guard and an audience out of every environment."""
    for file in folder.glob("stacks/environment-*/cdk.tf.json"):
        document = json.loads(file.read_text())
        policy = document["resource"]["aws_iam_policy"]["TerraformDeploy"]
        policy["policy"] = json.dumps(
            {**json.loads(policy["policy"]), "Statement": json.loads(policy["policy"])["Statement"][:1]}
        )
        admin = document["resource"]["aws_iam_role"]["Admin"]
        trust = json.loads(admin["assume_role_policy"])
        del trust["Statement"][0]["Condition"]["StringEquals"]["accounts.google.com:oaud"]
        admin["assume_role_policy"] = json.dumps(trust)
        file.write_text(json.dumps(document))


def _table(variants: list[Variant]) -> Table:
    table = Table(title=f"rolebridge prove, {ROUNDS} rounds")
    for column in ("proof of", "fastest", "slowest", "CPU time", "peak PSS"):
        table.add_column(column, justify="left" if column == "proof of" else "right")
    for variant in variants:
        table.add_row(
            variant.name,
            f"{min(variant.seconds):.2f} s",
            f"{max(variant.seconds):.2f} s",
            f"{variant.cpu_time:.2f} s",
            f"{variant.memory:.0f} MB",
        )
    return table
