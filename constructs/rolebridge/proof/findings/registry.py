"""All rules, and all that they find."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from rolebridge.proof.findings import rules as package
from rolebridge.proof.findings.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule, by its identifier."""
    return tuple(_rule(found.name) for found in sorted(pkgutil.iter_modules(package.__path__)))


def _rule(name: str) -> Rule:
    module = importlib.import_module(f"{package.__name__}.{name}")
    rule: Rule = module.RULE
    return replace(rule, identifier=name.replace("_", "-"), check=module.check)


def find(proof: Proof, without: Collection[str] = ()) -> tuple[Finding, ...]:
    """Return what all rules find, but for some identifiers: the worst first, then by rule and place."""
    asked = (rule for rule in rules() if rule.identifier not in without)
    return tuple(sorted(dict.fromkeys(_seen(proof, asked)), key=_order))


def _seen(proof: Proof, asked: Iterable[Rule]) -> Iterator[Finding]:
    for rule in asked:
        for seen in rule.check(proof):
            yield Finding(seen.source, seen.who, seen.text, seen.statement, seen.sid, rule=rule)


_SEVERITIES = list(Severity)


def _order(found: Finding) -> tuple[object, ...]:
    place = -1 if found.statement is None else found.statement
    return (_SEVERITIES.index(found.rule.severity), found.rule.identifier, found.source, place, found.text)
