"""Findings as SARIF 2.1.0, which code hosts show beside the files of a merge request.

OASIS, «Static Analysis Results Interchange Format (SARIF) Version 2.1.0»; GitHub, «SARIF support for code scanning».
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rolebridge.proof.findings.acceptance import Acceptance, Judgement
from rolebridge.proof.findings.finding import Finding, Rule
from rolebridge.proof.findings.registry import rules

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(judgement: Judgement) -> dict[str, Any]:
    """Return a log of one run: every rule, and every finding; those that are accepted, as suppressed."""
    results = [_result(found, None) for found in judgement.open]
    results += [_result(found, None) for found, _ in judgement.expired]
    results += [_result(found, by) for found, by in judgement.accepted]
    driver = {
        "name": "rolebridge",
        "semanticVersion": version("rolebridge"),
        "rules": [_descriptor(rule) for rule in rules()],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _descriptor(rule: Rule) -> dict[str, Any]:
    text = f"{rule.why}\n\nTo mend it: {rule.mend}"
    return {
        "id": rule.identifier,
        "shortDescription": {"text": f"{rule.title[0].upper()}{rule.title[1:]}"},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{text}\n\n{rule.source}", "markdown": f"{text}\n\n[Source]({rule.source})"},
        "helpUri": rule.source,
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(found: Finding, accepted: Acceptance | None) -> dict[str, Any]:
    source = found.source
    logical = {"name": source.address, "fullyQualifiedName": f"{source.stack}/{source.address}", "kind": "resource"}
    result: dict[str, Any] = {
        "ruleId": found.rule.identifier,
        "ruleIndex": _index(found.rule.identifier),
        "level": found.rule.severity.value,
        "message": {"text": f"{found.who}{found.place}: {found.text}. {found.rule.mend}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(Path(source.file).as_posix())},
                    "region": {"startLine": _line(source.file, source.address)},
                },
                "logicalLocations": [logical],
            }
        ],
        "partialFingerprints": {"finding/v1": _fingerprint(found)},
    }
    if accepted is not None:
        justification = f"{accepted.reason} (until {accepted.expires.isoformat()})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": justification}]
    return result


def _line(file: str, address: str) -> int:
    """Return the line where a resource begins in Terraform's JSON; 1 where it cannot be told."""
    lines = _lines(file)
    after = 0
    for key in address.split("."):
        after = next((index for index in range(after, len(lines)) if lines[index].strip() == f'"{key}": {{'), -1)
        if after < 0:
            return 1
    return after + 1


@cache
def _lines(file: str) -> tuple[str, ...]:
    return tuple(Path(file).read_text(encoding="utf-8", errors="replace").split("\n"))


@cache
def _index(identifier: str) -> int:
    return [rule.identifier for rule in rules()].index(identifier)


def _fingerprint(found: Finding) -> str:
    """Stays the same where only the place of a statement in its document changes."""
    parts = (found.rule.identifier, found.source.stack, found.source.address, found.sid or "", found.text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
