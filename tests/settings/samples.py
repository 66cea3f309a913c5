"""Settings to break: a small file that is right, and the table of what is wrong with others.

The table is ``broken/*.yaml``. A case has a name; then ``change`` (a text of ``SOUND``, which must stand there once,
and what stands there instead), ``append`` (behind it) or ``file`` (instead of it); then the whole ``report``.
``«x×65»`` stands for 65 times x.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rolebridge.blueprint import misfits
from rolebridge.settings import Mistake, Settings, SettingsError, parse_settings
from rolebridge.settings.report import show_path
from rolebridge.settings.schema import allowed_text, schema

SOUND = """\
region: eu-central-1
backend:
  s3: {bucket: states}
access:
  assume_role:
    role_arn: arn:{partition}:iam::{account_id}:role/Deployer
accounts:
  meshcloud: {id: "111111111111"}
  management: {id: "222222222222"}
  automation: {id: "333333333333"}
  sandbox: {id: "444444444444"}
  legacy: {id: "555555555555"}
meshstack:
  external_id: replicator-external-id
  authentication:
    workload_identity:
      issuer: https://issuer.example.org/meshstack
      audience: meshstack
      subject: system:serviceaccount:mesh:replicator
  management:
    sso_instance_arn: arn:aws:sso:::instance/ssoins-1234567890abcdef
  automation:
    stack_set_roles:
      targets:
        accounts: [sandbox]
        statements:
          - {Effect: Allow, Action: "s3:*", Resource: "*"}
  metering:
    external_id: metering-external-id
    authentication:
      workload_identity:
        subject: system:serviceaccount:mesh:metering
  tenant_import:
    accounts: [legacy]
"""
"""Settings that are right, with every section, each as short as it can be."""

FILE = "rolebridge.yaml"
BROKEN = Path(__file__).parent / "broken"


@dataclass(frozen=True)
class Case:
    """A broken settings file, and the mistakes that its report has to name."""

    group: str
    name: str
    text: str
    report: tuple[dict[str, Any], ...]

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"


def cases() -> list[Case]:
    """Return the table."""
    return [case for file in sorted(BROKEN.glob("*.yaml")) for case in _cases_of(file)]


def _cases_of(file: Path) -> Iterator[Case]:
    for entry in yaml.safe_load(file.read_text(encoding="utf-8")):
        text = entry.get("file", changed(entry.get("change", {})) + entry.get("append", ""))
        report = [_expected(mistake) for mistake in entry.get("report", ())]
        yield Case(file.stem, entry["name"], unfold(text), tuple(report))


def _expected(mistake: dict[str, Any]) -> dict[str, Any]:
    """Fill in what grows with every section."""
    every = {
        "every key at the top": ", ".join(sorted(schema()["properties"])),
        "a mapping with every key at the top": allowed_text(schema()),
        "every finding": allowed_text(schema()["$defs"]["acceptance"]["properties"]["finding"]),
    }
    return mistake | {"allowed": every.get(mistake["allowed"], mistake["allowed"])}


def changed(changes: dict[str, str], text: str = SOUND) -> str:
    """Return the sound settings with texts exchanged, each of which stands there once."""
    for old, new in changes.items():
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the sound settings"
        text = text.replace(old, new)
    return text


def unfold(text: str) -> str:
    """Write ``«x×65»`` out."""
    return re.sub(r"«(.)×(\d+)»", lambda part: part[1] * int(part[2]), text)


def parse(text: str, file: str = FILE) -> Settings:
    """Check settings as the command does, with what only the blueprint can know."""
    return parse_settings(text, file, misfits)


def refusal(text: str, file: str = FILE) -> SettingsError | None:
    """Return why these settings are refused."""
    try:
        parse(text, file)
    except SettingsError as error:
        return error
    return None


def as_reported(mistake: Mistake) -> dict[str, Any]:
    """Return what a user is told of a mistake, in the form of the table."""
    told = {"line": mistake.line, "path": show_path(mistake.path), "found": mistake.found, "allowed": mistake.allowed}
    return told | ({"hint": mistake.hint} if mistake.hint else {})
