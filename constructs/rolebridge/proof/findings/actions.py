"""The actions that AWS has, from a list that stands beside this file (``actions.txt``; see its head)."""

from __future__ import annotations

import re
from functools import cached_property
from importlib.resources import files

from rolebridge.proof.patterns import glob
from rolebridge.proof.variables import has_reference


class Actions:
    """The list; read when it is first asked."""

    @cached_property
    def date(self) -> str:
        """The day of the list, as ``2026-09-26``."""
        match = re.search(r"^# date: (\S+)$", self._text, re.MULTILINE)
        assert match is not None
        return match[1]

    def has(self, wanted: str) -> bool:
        """Return whether an action, or a pattern of actions, matches one that AWS has, or may do so."""
        service, colon, name = wanted.lower().partition(":")
        if has_reference(wanted) or wanted == "*" or (colon and ("*" in service or "?" in service)):
            return True
        actions = self._of(service)
        if "*" in name or "?" in name:
            pattern = glob(name)
            return any(pattern.matches(action) is True for action in actions)
        return name in actions

    def services_of_resources(self, service: str) -> frozenset[str] | None:
        """Return the services in whose ARNs a service's actions have resources; ``None`` if it is not known."""
        line = self._lines.get(service)
        return None if line is None else frozenset(line[0].split(","))

    @cached_property
    def _text(self) -> str:
        return (files("rolebridge.proof.findings") / "actions.txt").read_text(encoding="utf-8")

    @cached_property
    def _lines(self) -> dict[str, tuple[str, str]]:
        """Per service the services of its resources, and its actions as they stand in the list."""
        found = {}
        for line in self._text.splitlines():
            if line and not line.startswith("#"):
                service, resources, actions = line.split(" ", 2)
                found[service] = (resources, actions)
        return found

    def _of(self, service: str) -> frozenset[str]:
        found = self._known.get(service)
        if found is None:
            groups = (group.partition(":") for group in self._lines.get(service, ("", ""))[1].lower().split())
            found = frozenset(verb + rest for verb, _, rests in groups for rest in rests.split(","))
            self._known[service] = found
        return found

    @cached_property
    def _known(self) -> dict[str, frozenset[str]]:
        return {}


ACTIONS = Actions()
