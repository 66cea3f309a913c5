"""Writes the table of findings of ``docs/proof.md``: ``python -m rolebridge.proof.findings.reference``."""

from __future__ import annotations

from rolebridge.proof.findings.finding import Severity
from rolebridge.proof.findings.registry import rules


def reference() -> str:
    """Return the table: errors first, then warnings and notes."""
    lines = ["| finding | severity | why | how to mend it |", "|---|---|---|---|"]
    for severity in Severity:
        for rule in rules():
            if rule.severity is severity:
                name = f"[`{rule.identifier}`]({rule.source})"
                lines.append(f"| {name} | {severity.value} | {_cell(rule.why)} | {_cell(rule.mend)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    print(reference(), end="")
